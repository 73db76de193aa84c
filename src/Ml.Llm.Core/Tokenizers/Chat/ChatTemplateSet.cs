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

    private ChatTemplateSet(List<NamedText> templates)
    {
        Names = templates.ConvertAll(static template => template.Name);
        _parsed = templates.ToDictionary(
            static template => template.Name,
            static template => new Lazy<ChatTemplate>(() => ChatTemplate.Parse(template.Text, template.Place)));
    }

    /// <summary>The names, that of the default template first where the files of their own hold it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The template of a name, or null.</summary>
    public ChatTemplate? Find(string name) => _parsed.TryGetValue(name, out var template) ? template.Value : null;

    /// <summary>
    /// Reads the templates of a tokenizer as Transformers does: where one has a file of its own, the field of tokenizer_config.json
    /// counts for nothing; a file of the folder that is named default goes over chat_template.jinja.
    /// </summary>
    /// <param name="files">The files that hold them.</param>
    /// <exception cref="ModelFormatException">A file is not text, or the field has another form.</exception>
    public static ChatTemplateSet Read(TokenizerSideFiles files)
    {
        var templates = new List<NamedText>();
        if (files.ChatTemplate is { } main) Put(templates, new NamedText(Default, TextOf(main, FileName), FileName));
        foreach (var (name, content) in files.AdditionalChatTemplates)
        {
            var file = AdditionalChatTemplates.FileOf(name);
            Put(templates, new NamedText(name, TextOf(content, file), file));
        }

        if (templates.Count == 0 && files.Config is { } config) JsonPart.Read(config, TokenizerFiles.Config, root => ReadField(root.Optional(Field), templates));
        return templates.Count == 0 ? None : new ChatTemplateSet(templates);
    }

    private static bool ReadField(JsonPart field, List<NamedText> templates)
    {
        if (field.IsNull) return false;
        if (field.Element.ValueKind == System.Text.Json.JsonValueKind.String)
        {
            Put(templates, OfField(Default, field.Text()));
            return true;
        }

        foreach (var item in field.Items())
        {
            item.RequireKind(System.Text.Json.JsonValueKind.Object, "an object with name and template");
            Put(templates, OfField(item.Required("name").Text(), item.Required("template").Text()));
        }

        return true;
    }

    private static NamedText OfField(string name, string text) => new(name, text, name == Default ? FileName : $"chat template \"{name}\"");

    private static void Put(List<NamedText> templates, NamedText added)
    {
        var at = templates.FindIndex(template => template.Name == added.Name);
        if (at < 0) templates.Add(added);
        else templates[at] = added;
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

    /// <summary>A template that is not parsed yet.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Text">Its text.</param>
    /// <param name="Place">What to call it in complaints.</param>
    private sealed record NamedText(string Name, string Text, string Place);
}
