namespace Ml.Llm;

/// <summary>No engine package is installed, or the device asked for does not exist.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class EngineNotFoundException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What is missing and what to do.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public EngineNotFoundException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
