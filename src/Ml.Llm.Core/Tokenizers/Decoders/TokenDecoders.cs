namespace Ml.Llm.Tokenization;

/// <summary>Joins all tokens into one.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class FuseDecoder : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        if (tokens.Count == 1) return;
        var text = string.Concat(tokens);
        tokens.Clear();
        tokens.Add(text);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Fuse");
        output.EndObject();
    }
}

/// <summary>Takes up to so many of one character off the begin and the end of each token.</summary>
/// <param name="content">The character, as text.</param>
/// <param name="start">How many at most at the begin.</param>
/// <param name="stop">How many at most at the end.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class StripDecoder(string content, int start, int stop) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i].AsSpan();
            for (var n = 0; n < start && token.StartsWith(content, StringComparison.Ordinal); n++) token = token[content.Length..];
            for (var n = 0; n < stop && token.EndsWith(content, StringComparison.Ordinal); n++) token = token[..^content.Length];
            if (token.Length < tokens[i].Length) tokens[i] = token.ToString();
        }
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Strip");
        output.Text("content", content);
        output.Integer("start", start);
        output.Integer("stop", stop);
        output.EndObject();
    }
}

/// <summary>Puts a space where a token says that a word ends, but not at the end of the text.</summary>
/// <param name="suffix">What tokens end with that end a word.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BytePairDecoder(string suffix) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++) tokens[i] = TokenCleanup.Replace(tokens[i], suffix, i == tokens.Count - 1 ? "" : " ");
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "BPEDecoder");
        output.Text("suffix", suffix);
        output.EndObject();
    }
}

/// <summary>Puts a space before each token that begins a word, and tidies the spaces around punctuation if asked to.</summary>
/// <param name="prefix">What tokens begin with that go on with a word.</param>
/// <param name="cleanup">Whether to tidy.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (i > 0) token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            tokens[i] = cleanup ? TokenCleanup.Tidy(token) : token;
        }
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "WordPiece");
        output.Text("prefix", prefix);
        output.Truth("cleanup", cleanup);
        output.EndObject();
    }
}

/// <summary>Connectionist temporal classification: equal neighbours are one, padding goes, a delimiter is a space.</summary>
/// <param name="padToken">What stands between two equal tokens that are two.</param>
/// <param name="wordDelimiterToken">What stands between words; a space only where cleanup is asked for.</param>
/// <param name="cleanup">Whether to tidy the spaces around punctuation, and write the delimiter as a space.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CtcDecoder(string padToken, string wordDelimiterToken, bool cleanup) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        var kept = 0;
        string? before = null;
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (token == before) continue;
            before = token;
            var text = TokenCleanup.Replace(token, padToken, "");
            if (cleanup) text = TokenCleanup.Replace(TokenCleanup.Tidy(text), wordDelimiterToken, " ");
            if (text.Length > 0) tokens[kept++] = text;
        }

        tokens.RemoveRange(kept, tokens.Count - kept);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "CTC");
        output.Text("pad_token", padToken);
        output.Text("word_delimiter_token", wordDelimiterToken);
        output.Truth("cleanup", cleanup);
        output.EndObject();
    }
}

/// <summary>Several decoders, one after the other.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SequenceDecoder(IReadOnlyList<ITokenDecoder> decoders) : ITokenDecoder
{
    /// <summary>The decoders.</summary>
    public IReadOnlyList<ITokenDecoder> Decoders => decoders;

    public void Decode(List<string> tokens)
    {
        var limit = GrowthLimit.Of(tokens);
        foreach (var decoder in decoders)
        {
            decoder.Decode(tokens);
            limit.Check(tokens);
        }
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Sequence");
        output.Name("decoders");
        output.BeginArray();
        foreach (var decoder in decoders) decoder.WriteTo(output);
        output.EndArray();
        output.EndObject();
    }
}
