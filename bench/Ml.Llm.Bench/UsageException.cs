namespace Ml.Llm.Bench;

/// <summary>The command line is not understood; the message says how it is meant.</summary>
internal sealed class UsageException(string message) : LlmException(message);
