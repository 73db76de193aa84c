namespace Ml.Llm.Tokenization;

/// <summary>The checks that the options of all tokenizer trainers share.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TrainingChecks
{
    /// <summary>Checks that special tokens are there, not empty and different.</summary>
    public static void SpecialTokens(IReadOnlyList<string> tokens, string name = nameof(SpecialTokens))
    {
        ArgumentNullException.ThrowIfNull(tokens, name);
        if (tokens.Any(string.IsNullOrEmpty)) throw new ArgumentException("A special token must not be null or empty.", name);
        if (tokens.Distinct(StringComparer.Ordinal).Count() < tokens.Count)
            throw new ArgumentException("The special tokens must differ from each other.", name);
    }

    /// <summary>Checks that a token is one of the special ones.</summary>
    public static void IsSpecial(string? token, IReadOnlyList<string> tokens, string name)
    {
        if (token is not null && !tokens.Contains(token))
            throw new ArgumentException($"\"{token}\" must be one of the special tokens; add it there, or set this to null.", name);
    }

    /// <summary>Checks that a vocabulary has room for what it must hold.</summary>
    public static void VocabularySize(int size, int least, string what, string name = nameof(VocabularySize))
    {
        if (size < least)
            throw new ArgumentOutOfRangeException(name, size, $"A vocabulary of {size} is too small: {what} make {least}. Ask for at least {least}.");
        if (size > TokenizerJsonReader.LargestId + 1)
            throw new ArgumentOutOfRangeException(name, size, $"A vocabulary has at most {TokenizerJsonReader.LargestId + 1} tokens.");
    }

    /// <summary>Checks that each text of an alphabet begins with a character.</summary>
    public static void Alphabet(IReadOnlyList<string> alphabet, string name)
    {
        ArgumentNullException.ThrowIfNull(alphabet, name);
        foreach (var text in alphabet)
        {
            if (string.IsNullOrEmpty(text) || char.IsLowSurrogate(text[0]) || (char.IsHighSurrogate(text[0]) && (text.Length < 2 || !char.IsLowSurrogate(text[1]))))
                throw new ArgumentException("Each text of the alphabet must begin with a character; a half of a surrogate pair is none.", name);
        }
    }

    /// <summary>Checks the numbers that most trainers have.</summary>
    public static void Counts(long minFrequency, int? threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minFrequency, "MinFrequency");
        if (threads is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, "Threads");
    }
}
