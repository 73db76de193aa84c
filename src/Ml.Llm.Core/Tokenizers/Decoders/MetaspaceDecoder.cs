namespace Ml.Llm.Tokenization;

/// <summary>Turns the character that stands for a space back into one; in the first token it goes, if it was put there.</summary>
/// <param name="replacement">The character, as text.</param>
/// <param name="prependScheme">When one is put before the text: "always", "first" or "never".</param>
/// <param name="split">Whether text is split before each one; kept as the file had it.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class MetaspaceDecoder(string replacement, string prependScheme, bool split) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
            tokens[i] = tokens[i].Replace(replacement, i == 0 && prependScheme != "never" ? "" : " ", StringComparison.Ordinal);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Metaspace");
        output.Text("replacement", replacement);
        output.Text("prepend_scheme", prependScheme);
        output.Truth("split", split);
        output.EndObject();
    }
}
