namespace Ml.Llm.Tokenization.Jinja;

/// <summary>An error inside the engine, which does not know its place yet: the renderer adds that.</summary>
internal sealed class TemplateFaultException(ChatTemplateErrorKind kind, string message) : Exception(message)
{
    public ChatTemplateErrorKind Kind { get; } = kind;
}

/// <summary>Makes errors of each kind.</summary>
internal static class Fault
{
    public static TemplateFaultException Type(string message) => new(ChatTemplateErrorKind.Type, message);

    public static TemplateFaultException Value(string message) => new(ChatTemplateErrorKind.Value, message);

    public static TemplateFaultException Runtime(string message) => new(ChatTemplateErrorKind.Runtime, message);

    public static TemplateFaultException Security(string message) => new(ChatTemplateErrorKind.Security, message);

    public static TemplateFaultException Limit(string message) => new(ChatTemplateErrorKind.Limit, message);

    public static TemplateFaultException Undefined(UndefinedValue value) => new(value.Kind, value.Message);

    public static TemplateFaultException DivisionByZero() => new(ChatTemplateErrorKind.DivisionByZero, "division by zero");
}
