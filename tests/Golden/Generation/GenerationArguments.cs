using System.Text.Json;

namespace Ml.Llm.Golden.Tests;

/// <summary>The peer's arguments of generation as our options.</summary>
internal static class GenerationArguments
{
    // What does not change which tokens come.
    private static readonly string[] WithoutEffect = ["pad_token_id", "bos_token_id", "transformers_version", "use_cache", "_from_model_config"];

    /// <summary>Sets the option that an argument means; an argument that is not known fails the test.</summary>
    internal static GenerationOptions Set(GenerationOptions options, string name, JsonElement value)
    {
        if (WithoutEffect.Contains(name))
            return options;
        if (value.ValueKind == JsonValueKind.Null)
            return name == "eos_token_id" ? options with { EosTokenIds = [] } : options;
        return name switch
        {
            "max_new_tokens" => options with { MaxNewTokens = value.GetInt32() },
            "do_sample" => options with { DoSample = value.GetBoolean() },
            "temperature" => options with { Temperature = value.GetDouble() },
            "top_k" => options with { TopK = value.GetInt32() },
            "top_p" => options with { TopP = value.GetDouble() },
            "min_p" => options with { MinP = value.GetDouble() },
            "repetition_penalty" => options with { RepetitionPenalty = value.GetDouble() },
            "eos_token_id" => options with { EosTokenIds = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(static id => id.GetInt32())] : [value.GetInt32()] },
            "stop_strings" => options with { StopStrings = [.. value.EnumerateArray().Select(static text => text.GetString()!)] },
            _ => throw new AssertFailedException($"The argument {name} is not known, and not-yet.txt does not name it."),
        };
    }
}
