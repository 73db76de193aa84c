namespace Ml.Llm;

/// <summary>What kind of error a chat template ended in.</summary>
public enum ChatTemplateErrorKind
{
    /// <summary>The template is not well-formed, or uses a construct, filter or test that is not known.</summary>
    Syntax,

    /// <summary>The template itself called <c>raise_exception</c>; <see cref="ChatTemplateException.Reason"/> is its message.</summary>
    RaiseException,

    /// <summary>An attribute of, a call of or arithmetic on a value that is not defined.</summary>
    Undefined,

    /// <summary>An operation on a value of the wrong type.</summary>
    Type,

    /// <summary>A value of the right type that does not do, such as a format that is broken.</summary>
    Value,

    /// <summary>An attribute or assignment that the sandbox forbids.</summary>
    Security,

    /// <summary>Another error while rendering.</summary>
    Runtime,

    /// <summary>Division by zero.</summary>
    DivisionByZero,

    /// <summary>The conversation or the options do not do; refused before rendering, or after it where text is to be continued.</summary>
    Argument,

    /// <summary>One of the <see cref="ChatTemplateLimits"/> was reached.</summary>
    Limit,
}

/// <summary>A chat template cannot be parsed, or cannot be rendered for a conversation.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class ChatTemplateException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">The kind of error.</param>
    /// <param name="templateName">The template, as the caller or the tokenizer's files name it.</param>
    /// <param name="line">The line in the template, counted from 1; 0 where no place is at fault.</param>
    /// <param name="column">The column, counted from 1 in UTF-16 units; 0 where no place is at fault.</param>
    /// <param name="reason">What is wrong.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public ChatTemplateException(ChatTemplateErrorKind kind, string templateName, int line, int column, string reason, Exception? innerException = null)
        : base(line == 0 ? $"{templateName}: {reason}" : $"{templateName}, line {line}, column {column}: {reason}", innerException)
    {
        Kind = kind;
        TemplateName = templateName;
        Line = line;
        Column = column;
        Reason = reason;
    }

    /// <summary>The kind of error.</summary>
    public ChatTemplateErrorKind Kind { get; }

    /// <summary>The template, as the caller or the tokenizer's files name it.</summary>
    public string TemplateName { get; }

    /// <summary>The line in the template, counted from 1; 0 where no place in it is at fault.</summary>
    public int Line { get; }

    /// <summary>The column, counted from 1 in UTF-16 units; 0 where no place is at fault.</summary>
    public int Column { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }
}
