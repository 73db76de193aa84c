using System.Globalization;

namespace Ml.Llm;

/// <summary>How text is generated. Names and defaults are those of Hugging Face's GenerationConfig, where it has them.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record GenerationOptions
{
    /// <summary>The most tokens to generate for a row, the end token included (default 20, at least 1).</summary>
    public int MaxNewTokens { get; init; } = 20;

    /// <summary>
    /// Whether each token is drawn at random from what the model expects (true) or is always the likeliest (false, the default).
    /// <see cref="Temperature"/>, <see cref="TopK"/>, <see cref="TopP"/>, <see cref="MinP"/> and <see cref="Seed"/> act only when it is true.
    /// </summary>
    public bool DoSample { get; init; }

    /// <summary>Scores are divided by it: below 1 is bolder, above 1 more varied (default 1, above 0).</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only so many of the likeliest tokens can be drawn, and those equal to the last of them (default 50; 0 for all).</summary>
    public int TopK { get; init; } = 50;

    /// <summary>Only the likeliest tokens whose probabilities reach this sum can be drawn (default 1: all; above 0, at most 1).</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Only tokens at least this many times as likely as the likeliest can be drawn (default 0: all; from 0 to 1).</summary>
    public double MinP { get; init; }

    /// <summary>
    /// Makes tokens that stand in the prompt or the answer already less likely: a positive score is divided by it, a negative one
    /// multiplied (default 1: not at all; above 0). It acts without sampling too.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// What the random numbers of sampling start from (default 0). They depend on it and on the row (its seed column, or else its
    /// prompt) alone: not on the other rows, their order, the batch size or threads. Equal prompts get equal texts unless the
    /// rows have different seeds.
    /// </summary>
    public int Seed { get; init; }

    /// <summary>
    /// The text of a row ends with the token in which one of these strings ends (default: none). The whole token is kept, so
    /// that some text may follow the string; a string may begin in the prompt.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>The tokens that end a row; they are not part of its text. Null (the default) takes the model's own, an empty list none.</summary>
    public IReadOnlyList<int>? EosTokenIds { get; init; }

    /// <summary>The most rows that are generated together (default 16, at least 1).</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Whether the text given back begins with the prompt (default false).</summary>
    public bool IncludePrompt { get; init; }

    /// <summary>
    /// Whether the C allocator of the process may keep freed memory for the next tensors (default true; Linux only), which
    /// makes batches faster; see <see cref="TorchEngine.KeepMemory"/>.
    /// </summary>
    public bool KeepEngineMemory { get; init; } = true;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message names it.</exception>
    public void Validate()
    {
        Check(MaxNewTokens >= 1, nameof(MaxNewTokens), MaxNewTokens, "must be at least 1");
        Check(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "must be above 0; for the likeliest token set DoSample to false");
        Check(TopK >= 0, nameof(TopK), TopK, "must be at least 0 (0: all tokens)");
        Check(TopP is > 0 and <= 1, nameof(TopP), TopP, "must be above 0 and at most 1 (1: all tokens)");
        Check(MinP is >= 0 and <= 1, nameof(MinP), MinP, "must be from 0 (all tokens) to 1");
        Check(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty, "must be above 0 (1: no penalty)");
        Check(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        Check(StopStrings is not null, nameof(StopStrings), "null", "must be a list, if an empty one");
        foreach (var stop in StopStrings!)
            Check(!string.IsNullOrEmpty(stop), nameof(StopStrings), "empty in one place", "must hold strings of at least one character");
        foreach (var id in EosTokenIds ?? [])
            Check(id >= 0, nameof(EosTokenIds), id, "must hold ids of tokens, which are at least 0");
    }

    private static void Check<T>(bool holds, string option, T value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(option, value, string.Create(CultureInfo.InvariantCulture,
                $"{nameof(GenerationOptions)}.{option} is {value}; it {rule}."));
        }
    }
}
