using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Replaces each match of a pattern in each token.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="content">What stands for each match.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ReplaceDecoder(GivenPattern pattern, string content) : ITokenDecoder
{
    private readonly string? _literal = !pattern.IsExpression && pattern.Source.Length > 0 ? pattern.Source : null;

    public void Decode(List<string> tokens)
    {
        var limit = GrowthLimit.Of(tokens);
        var length = 0L;
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (_literal is null)
            {
                tokens[i] = ReplaceMatches(token, limit, length);
            }
            else
            {
                if (content.Length > _literal.Length) limit.Check(length + ((content.Length - _literal.Length) * (long)token.AsSpan().Count(_literal)));
                tokens[i] = token.Replace(_literal, content, StringComparison.Ordinal);
            }

            length += tokens[i].Length;
        }
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Replace");
        pattern.WriteTo(output);
        output.Text("content", content);
        output.EndObject();
    }

    private string ReplaceMatches(string token, GrowthLimit limit, long before)
    {
        // Hugging Face finds nothing in an empty token, whatever the pattern.
        if (token.Length == 0) return token;
        StringBuilder? result = null;
        var taken = 0;
        var matches = new PatternMatches(pattern.Pattern, token);
        while (matches.Next(out var start, out var end))
        {
            result ??= new StringBuilder(token.Length);
            result.Append(token, taken, start - taken).Append(content);
            taken = end;
            limit.Check(before + result.Length);
        }

        return result is null ? token : result.Append(token, taken, token.Length - taken).ToString();
    }
}
