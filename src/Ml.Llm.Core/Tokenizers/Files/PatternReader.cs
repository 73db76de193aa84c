using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the field <c>pattern</c> of a part of tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PatternReader
{
    /// <summary>Reads a pattern: an object with the field "String" or the field "Regex".</summary>
    public static GivenPattern Read(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        part.RefuseOthers("String", "Regex");
        var isExpression = part.Optional("String").Element.ValueKind == JsonValueKind.Undefined;
        var source = part.Required(isExpression ? "Regex" : "String");
        if (!isExpression && part.Optional("Regex").Element.ValueKind != JsonValueKind.Undefined)
            throw part.Problem("must be either \"String\" or \"Regex\", not both");
        try
        {
            return new GivenPattern(source.Text(), isExpression);
        }
        catch (PatternException problem)
        {
            throw source.Problem(problem.Message, problem);
        }
    }
}
