using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>The chat templates of a tokenizer by name, parsed when they are first asked for.</summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class ChatTemplateSet
{
    /// <summary>The file of the template named default.</summary>
    public const string FileName = "chat_template.jinja";

    /// <summary>The field of tokenizer_config.json.</summary>
    public const string Field = "chat_template";

    public const string Default = "default";

    public const string ToolUse = "tool_use";

    public static readonly ChatTemplateSet None = new([]);

    private readonly Dictionary<string, Lazy<ChatTemplate>> _parsed;

    public ChatTemplateSet(IReadOnlyList<(string Name, string Text)> templates)
    {
        Templates = templates;
        _parsed = templates.ToDictionary(
            static template => template.Name,
            static template => new Lazy<ChatTemplate>(() => ChatTemplate.Parse(template.Text, template.Name == Default ? FileName : $"chat template \"{template.Name}\"")));
    }

    public IReadOnlyList<(string Name, string Text)> Templates { get; }

    /// <summary>The template of a name, or null.</summary>
    public ChatTemplate? Find(string name) => _parsed.TryGetValue(name, out var template) ? template.Value : null;

    /// <summary>Reads the templates of a tokenizer: a file of its own goes over the field of tokenizer_config.json.</summary>
    /// <param name="config">The content of tokenizer_config.json, or null.</param>
    /// <param name="file">The content of chat_template.jinja, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    public static ChatTemplateSet Read(byte[]? config, byte[]? file, string folder)
    {
        var templates = new List<(string Name, string Text)>();
        if (config is not null)
            JsonPart.Read(config, Path.Combine(folder, TokenizerFiles.Config), root => ReadField(root.Optional(Field), templates));
        if (file is not null) Put(templates, Default, TextOf(file, Path.Combine(folder, FileName)));
        return templates.Count == 0 ? None : new ChatTemplateSet(templates);
    }

    private static bool ReadField(JsonPart field, List<(string Name, string Text)> templates)
    {
        if (field.IsNull) return false;
        if (field.Element.ValueKind == System.Text.Json.JsonValueKind.String)
        {
            Put(templates, Default, field.Text());
            return true;
        }

        foreach (var item in field.Items())
        {
            item.RequireKind(System.Text.Json.JsonValueKind.Object, "an object with name and template");
            Put(templates, item.Required("name").Text(), item.Required("template").Text());
        }

        return true;
    }

    private static void Put(List<(string Name, string Text)> templates, string name, string text)
    {
        var place = templates.FindIndex(template => template.Name == name);
        if (place < 0) templates.Add((name, text));
        else templates[place] = (name, text);
    }

    private static string TextOf(byte[] bytes, string file)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException problem)
        {
            throw new ModelFormatException(file, $"not valid UTF-8: {problem.Message}", problem);
        }
    }
}
