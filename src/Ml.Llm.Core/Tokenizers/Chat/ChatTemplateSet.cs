using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>The chat templates of a tokenizer by name, parsed when they are first asked for.</summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class ChatTemplateSet
{
    /// <summary>The file of the template named default.</summary>
    public const string FileName = "chat_template.jinja";

    /// <summary>The folder of the other templates, each NAME.jinja.</summary>
    public const string FolderName = "additional_chat_templates";

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
    /// <param name="open">Gives the bytes of a file by its name, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    /// <param name="more">The names of the files in <see cref="FolderName"/>.</param>
    public static ChatTemplateSet Read(Func<string, byte[]?> open, string folder, IEnumerable<string>? more = null)
    {
        var templates = new List<(string Name, string Text)>();
        if (open(TokenizerFiles.Config) is { } config)
            JsonPart.Read(config, Path.Combine(folder, TokenizerFiles.Config), root => ReadField(root.Optional(Field), templates));
        if (open(FileName) is { } bytes) Put(templates, Default, TextOf(bytes, Path.Combine(folder, FileName)));
        foreach (var name in (more ?? []).Order(StringComparer.Ordinal))
        {
            var file = $"{FolderName}/{name}";
            if (open(file) is { } content) Put(templates, Path.GetFileNameWithoutExtension(name), TextOf(content, Path.Combine(folder, file)));
        }

        return templates.Count == 0 ? None : new ChatTemplateSet(templates);
    }

    /// <summary>The files that hold the templates; several are written into tokenizer_config.json, by <see cref="WriteField"/>.</summary>
    public IEnumerable<(string Name, byte[] Content)> ToFiles()
    {
        if (Templates is [(Default, var text)]) yield return (FileName, new UTF8Encoding(false).GetBytes(text));
    }

    /// <summary>Writes several templates, or one that is not the default, as a field of tokenizer_config.json.</summary>
    public void WriteField(JsonOutput output)
    {
        if (Templates.Count == 0 || Templates is [(Default, _)]) return;
        output.Name(Field);
        output.BeginArray();
        foreach (var (name, text) in Templates)
        {
            output.BeginObject();
            output.Text("name", name);
            output.Text("template", text);
            output.EndObject();
        }

        output.EndArray();
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
