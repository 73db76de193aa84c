namespace Ml.Llm.Samples.QuickStart;

/// <summary>The command line is not understood, or asks for what cannot be; the message says how it is meant.</summary>
internal sealed class UsageException(string message) : LlmException(message);
