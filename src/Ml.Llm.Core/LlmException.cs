namespace Ml.Llm;

/// <summary>
/// Base of every error that Ml.Llm raises about its own subject: files, data, training and the engine.
/// The message says what is wrong, where, and what to do.
/// </summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public class LlmException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public LlmException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>A file or folder of a model, tokenizer or checkpoint breaks the rules of its format.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class ModelFormatException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="file">The file, as the caller named it.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public ModelFormatException(string file, string problem, Exception? innerException = null)
        : base($"{file}: {problem}", innerException) => File = file;

    /// <summary>The file that breaks the rules.</summary>
    public string File { get; }
}

/// <summary>A row or column of the data cannot be used as asked.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class DataFormatException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="column">The column, if one is at fault.</param>
    /// <param name="row">The row, counted from 0, if one is at fault.</param>
    public DataFormatException(string message, string? column = null, long? row = null) : base(message)
    {
        Column = column;
        Row = row;
    }

    /// <summary>The column at fault, or null.</summary>
    public string? Column { get; }

    /// <summary>The row at fault, counted from 0, or null.</summary>
    public long? Row { get; }
}
