using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Writes tokenizer_config.json, special_tokens_map.json and chat templates. Files that were read are written again with what has
/// changed since; for others, what Transformers needs.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal sealed class TokenizerFilesWriter(LanguageModelTokenizer tokenizer, TokenizerSideFiles read, int? maxLength)
{
    private const string MaxLengthKey = "model_max_length";

    /// <summary>What Hugging Face writes for "no limit": the whole number nearest to 1e30 as a double.</summary>
    private const string NoLimit = "1000000000000000019884624838656";

    private static readonly string[] s_listKeys = [SpecialTokenName.Additional, SpecialTokenName.Extra];

    private bool ListIsAsRead => tokenizer.SpecialTokens.AdditionalSpecialTokens.SequenceEqual(read.Ids.AdditionalSpecialTokens);

    /// <summary>The files, each with its content.</summary>
    public IEnumerable<(string Name, byte[] Content)> Write()
    {
        yield return (TokenizerFiles.Config, read.Config is { } config ? Rewrite(config, isConfig: true) : NewConfig());

        // Where a configuration was read without a map, it holds all that a map would.
        if (read.SpecialTokensMap is { } map) yield return (TokenizerFiles.SpecialTokensMap, Rewrite(map, isConfig: false));
        else if (read.Config is null) yield return (TokenizerFiles.SpecialTokensMap, NewMap());
        if (read.ChatTemplate is { } template) yield return (ChatTemplateSet.FileName, template);
        foreach (var (name, content) in read.AdditionalChatTemplates) yield return (AdditionalChatTemplates.FileOf(name), content);
    }

    private byte[] NewConfig()
    {
        var fields = new SortedDictionary<string, Action<JsonOutput>>(StringComparer.Ordinal)
        {
            ["clean_up_tokenization_spaces"] = output => output.Literal("false"),
            [MaxLengthKey] = output => output.Literal(maxLength is { } length ? length.ToString(CultureInfo.InvariantCulture) : NoLimit),
            ["tokenizer_class"] = output => output.Text("PreTrainedTokenizerFast"),
        };
        AddNewTokens(fields);
        return Write(fields);
    }

    private byte[] NewMap()
    {
        var fields = new SortedDictionary<string, Action<JsonOutput>>(StringComparer.Ordinal);
        AddNewTokens(fields);
        return Write(fields);
    }

    private void AddNewTokens(SortedDictionary<string, Action<JsonOutput>> fields)
    {
        foreach (var name in SpecialTokenName.All)
        {
            if (name.Get(tokenizer.SpecialTokens) is { } id && tokenizer.TokenOf(id) is { } token) fields[name.Key] = output => output.Text(token);
        }

        if (tokenizer.SpecialTokens.AdditionalSpecialTokens.Count > 0) fields[SpecialTokenName.Additional] = WriteList;
    }

    private static byte[] Write(SortedDictionary<string, Action<JsonOutput>> fields)
    {
        var output = new JsonOutput(indented: true);
        output.BeginObject();
        foreach (var (key, write) in fields)
        {
            output.Name(key);
            write(output);
        }

        output.EndObject();
        return output.ToBytes();
    }

    private byte[] Rewrite(byte[] json, bool isConfig)
    {
        using var document = JsonDocument.Parse(json);
        var changes = Changes(document.RootElement, isConfig);
        var output = new JsonOutput(indented: true);
        output.BeginObject();
        foreach (var field in document.RootElement.EnumerateObject())
        {
            if (!changes.Remove(field.Name, out var change)) change = target => JsonCopy.Write(target, field.Value);
            if (change is null) continue;
            output.Name(field.Name);
            change(output);
        }

        foreach (var (key, change) in changes)
        {
            if (change is null) continue;
            output.Name(key);
            change(output);
        }

        output.EndObject();
        return output.ToBytes();
    }

    /// <summary>How each field that has changed since reading is written; null: not at all.</summary>
    private SortedDictionary<string, Action<JsonOutput>?> Changes(JsonElement json, bool isConfig)
    {
        var changes = new SortedDictionary<string, Action<JsonOutput>?>(StringComparer.Ordinal);
        foreach (var name in SpecialTokenName.All)
        {
            var id = name.Get(tokenizer.SpecialTokens);
            if (id == name.Get(read.Ids)) continue;
            changes[name.Key] = id is { } known && tokenizer.TokenOf(known) is { } token ? output => output.Text(token) : null;
        }

        if (!ListIsAsRead)
        {
            foreach (var key in s_listKeys) changes[key] = null;
            changes[json.TryGetProperty(SpecialTokenName.Extra, out _) ? SpecialTokenName.Extra : SpecialTokenName.Additional] = WriteList;
        }

        if (!isConfig) return changes;
        if (maxLength is { } length && length != read.MaxLength) changes[MaxLengthKey] = output => output.Integer(length);
        if (json.TryGetProperty("added_tokens_decoder", out _) && !ReferenceEquals(tokenizer.Pipeline.AddedTokens, read.AddedTokens))
            changes["added_tokens_decoder"] = WriteAddedTokens;
        return changes;
    }

    private void WriteList(JsonOutput output)
    {
        output.BeginArray();
        foreach (var id in tokenizer.SpecialTokens.AdditionalSpecialTokens)
            if (tokenizer.TokenOf(id) is { } token)
                output.Text(token);
        output.EndArray();
    }

    private void WriteAddedTokens(JsonOutput output)
    {
        output.BeginObject();
        foreach (var token in tokenizer.Pipeline.AddedTokens.OrderBy(token => token.Id))
        {
            output.Name(token.Id.ToString(CultureInfo.InvariantCulture));
            output.BeginObject();
            output.Text("content", token.Content);
            output.Truth("lstrip", token.StripsLeft);
            output.Truth("normalized", token.Normalized);
            output.Truth("rstrip", token.StripsRight);
            output.Truth("single_word", token.SingleWord);
            output.Truth("special", token.Special);
            output.EndObject();
        }

        output.EndObject();
    }
}
