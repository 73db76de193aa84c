namespace Ml.Llm.Generation;

/// <summary>Why a row ended.</summary>
internal enum FinishReason
{
    /// <summary>The most new tokens were reached.</summary>
    Length,

    /// <summary>An end token came.</summary>
    EndToken,

    /// <summary>A stop string came.</summary>
    StopString,
}

/// <summary>What was generated for one row of ids.</summary>
/// <param name="PromptIds">The prompt's tokens.</param>
/// <param name="Ids">The new tokens, an end token included.</param>
/// <param name="Reason">Why the row ended.</param>
/// <param name="LogProbabilities">For each new token, the log-softmax of the model's logits at it (before penalties and temperature), in nats; null if not asked for.</param>
internal sealed record GeneratedSequence(IReadOnlyList<int> PromptIds, IReadOnlyList<int> Ids, FinishReason Reason, IReadOnlyList<float>? LogProbabilities);

/// <summary>What was generated for one row of text.</summary>
/// <param name="Text">The text: the completion, or prompt and completion where the options say so.</param>
/// <param name="Sequence">The ids behind it.</param>
internal sealed record Completion(string Text, GeneratedSequence Sequence);
