namespace Ml.Llm.Tokenization;

/// <summary>Several normalizers, one after the other.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SequenceNormalizer(IReadOnlyList<INormalizer> normalizers) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        foreach (var normalizer in normalizers) normalizer.Normalize(text);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Sequence");
        output.Name("normalizers");
        output.BeginArray();
        foreach (var normalizer in normalizers) normalizer.WriteTo(output);
        output.EndArray();
        output.EndObject();
    }
}

/// <summary>Puts a text before every text that is not empty.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        if (text.Length == 0 || prefix.Length == 0) return;
        text.BeginRewrite();
        text.Put(prefix, 0);
        text.Keep(0, text.Length);
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Prepend");
        output.Text("prepend", prefix);
        output.EndObject();
    }
}

/// <summary>Puts a text after every text.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class AppendNormalizer(string suffix) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        if (suffix.Length == 0) return;
        text.BeginRewrite();
        text.Keep(0, text.Length);
        text.Put(suffix, text.Length - 1);
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Append");
        output.Text("append", suffix);
        output.EndObject();
    }
}

/// <summary>Puts a text in the place of each match of a pattern; groups of the pattern are not looked at.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ReplaceNormalizer(GivenPattern pattern, string content) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        if (text.Length == 0) return;
        if (pattern is { IsExpression: false, Source.Length: 1 } && content.Length == 1)
        {
            text.ReplaceableUnits.Replace(pattern.Source[0], content[0]);
            return;
        }

        var matches = new PatternMatches(pattern.Pattern, text.Units);
        if (!matches.Next(out var start, out var end)) return;
        text.BeginRewrite();
        var kept = 0;
        do
        {
            // What is put in takes the place of the last character of the match.
            text.Keep(kept, start);
            text.Put(content, end - 1);
            kept = end;
        }
        while (matches.Next(out start, out end));

        text.Keep(kept, text.Length);
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Replace");
        pattern.WriteTo(output);
        output.Text("content", content);
        output.EndObject();
    }
}

/// <summary>Turns each character into those of its UTF-8 bytes in the byte alphabet.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteLevelNormalizer : INormalizer
{
    public void Normalize(AlignedText text)
    {
        text.BeginRewrite();
        ByteAlphabet.Write(text, 0, text.Length);
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "ByteLevel");
        output.EndObject();
    }
}
