namespace Ml.Llm.Models;

/// <summary>generation_config.json: kept as it came with a model, or made from the configuration.</summary>
internal static class GenerationConfigFile
{
    /// <summary>The tokens at which generation ends, as the file says; null where it does not.</summary>
    /// <exception cref="ModelFormatException">The file is not JSON, or its end tokens are not ids.</exception>
    internal static IReadOnlyList<int>? ReadEndTokens(ReadOnlyMemory<byte> bytes, string file)
    {
        var fields = ConfigFields.Parse(bytes, file);
        return fields.Has("eos_token_id") ? fields.TokenIds("eos_token_id") : null;
    }

    /// <summary>Makes the file as transformers does for a model that comes without one.</summary>
    internal static string Write(ModelConfig config)
    {
        var fields = new Dictionary<string, object?> { ["_from_model_config"] = true, ["use_cache"] = true };
        if (config.BosTokenId is { } begin)
            fields["bos_token_id"] = begin;
        if (config.EosTokenIds.Count > 0)
            fields["eos_token_id"] = config.EosTokenIds.Count == 1 ? config.EosTokenIds[0] : config.EosTokenIds;
        if (config.PadTokenId is { } pad)
            fields["pad_token_id"] = pad;
        return ConfigWriter.Write(fields);
    }
}
