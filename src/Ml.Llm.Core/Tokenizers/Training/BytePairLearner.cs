namespace Ml.Llm.Tokenization;

/// <summary>What the learning of merges needs to know; WordPiece learns by it as well.</summary>
internal sealed record BytePairLearning
{
    /// <summary>How many tokens there are at most; the special ones and the alphabet are never left out.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>A pair that occurs less often is not merged.</summary>
    public long MinFrequency { get; init; }

    /// <summary>The tokens with the first ids.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Characters that are in the alphabet whether they occur or not: the first of each text.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>How many characters the alphabet keeps; null: all.</summary>
    public int? AlphabetLimit { get; init; }

    /// <summary>The bound on pairs that a merge brings about; null: none.</summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>What is put before a character that does not begin its word.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "";

    /// <summary>What is put after a character that ends its word.</summary>
    public string EndOfWordSuffix { get; init; } = "";

    /// <summary>Whether words stand for their UTF-8 bytes.</summary>
    public bool AsBytes { get; init; }
}

/// <summary>Learns tokens and merges from counted words: special tokens, then the alphabet by code point, then merges.</summary>
/// <remarks>
/// Where characters carry a prefix or suffix, their ids follow the order in which they are first seen over the words sorted
/// by code point; Hugging Face takes a random order there, different in each run.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class BytePairLearner
{
    private const int ReportEvery = 64;
    private const int Dropped = -1;

    /// <summary>The byte alphabet, to begin with.</summary>
    public static IReadOnlyList<string> AllBytes { get; } = [.. ByteAlphabet.Characters.ToArray().Select(character => character.ToString())];

    /// <summary>Learns.</summary>
    public static LearnedVocabulary Learn(
        WordTable words, BytePairLearning options, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var vocabulary = new LearnedVocabulary();
        foreach (var token in options.SpecialTokens) vocabulary.Add(token);
        var characterCount = AddAlphabet(words, options, vocabulary);
        cancellationToken.ThrowIfCancellationRequested();

        var learner = new MergeLearner(options.MinFrequency, options.MaxTokenLength, (int)Math.Min(characterCount + words.Count, Array.MaxLength));
        AddWords(words, options, vocabulary, learner);
        cancellationToken.ThrowIfCancellationRequested();
        learner.CountPairs();

        var first = vocabulary.Count;
        for (var merges = 1; vocabulary.Count < options.VocabularySize && learner.TryNext(out var left, out var right); merges++)
        {
            var rest = vocabulary.Tokens[right].AsSpan();
            if (rest.StartsWith(options.ContinuingSubwordPrefix, StringComparison.Ordinal)) rest = rest[options.ContinuingSubwordPrefix.Length..];
            var merged = vocabulary.Add(string.Concat(vocabulary.Tokens[left], rest));
            vocabulary.ListMerge(left, right);
            learner.Merge(left, right, merged);
            if (merges % ReportEvery != 0) continue;
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke((double)(vocabulary.Count - first) / (options.VocabularySize - first));
        }

        progress?.Invoke(1);
        return vocabulary;
    }

    /// <summary>Adds the characters that are kept, and says how many there are in all words.</summary>
    private static long AddAlphabet(WordTable words, BytePairLearning options, LearnedVocabulary vocabulary)
    {
        var counts = new CodePointMap<long>(0);
        var alphabet = new List<int>();
        var reader = new WordCharacters(options.AsBytes);
        long total = 0;
        for (var word = 0; word < words.Count; word++)
        {
            var characters = reader.Of(words.WordAt(word));
            var count = words.CountAt(word);
            total += characters.Length;
            foreach (var character in characters)
            {
                ref var sum = ref counts.At(character);
                if (sum == 0) alphabet.Add(character);
                sum += count;
            }
        }

        foreach (var text in options.InitialAlphabet)
        {
            var character = char.ConvertToUtf32(text, 0);
            ref var sum = ref counts.At(character);
            if (sum == 0) alphabet.Add(character);
            sum = long.MaxValue;
        }

        if (options.AlphabetLimit is { } limit && alphabet.Count > limit)
        {
            // Of characters that are equally rare, those with the larger code points go.
            alphabet.Sort((a, b) => counts.Get(a) != counts.Get(b) ? counts.Get(b).CompareTo(counts.Get(a)) : a.CompareTo(b));
            alphabet.RemoveRange(limit, alphabet.Count - limit);
        }

        alphabet.Sort();
        foreach (var character in alphabet) vocabulary.Add(char.ConvertFromUtf32(character));
        return total;
    }

    private static void AddWords(WordTable words, BytePairLearning options, LearnedVocabulary vocabulary, MergeLearner learner)
    {
        var affixed = options.ContinuingSubwordPrefix.Length + options.EndOfWordSuffix.Length > 0;
        var forms = new CharacterForms(options, vocabulary);
        var reader = new WordCharacters(options.AsBytes);
        var symbols = new int[64];
        var order = affixed ? words.InOrder() : null;
        for (var i = 0; i < words.Count; i++)
        {
            var word = order is null ? i : order[i];
            var characters = reader.Of(words.WordAt(word));
            if (symbols.Length < characters.Length) symbols = new int[2 * characters.Length];
            var count = 0;
            for (var at = 0; at < characters.Length; at++)
            {
                var id = forms.IdOf(characters[at], at > 0, at == characters.Length - 1);
                if (id != Dropped) symbols[count++] = id;
            }

            learner.Add(symbols.AsSpan(0, count), words.CountAt(word));
        }
    }

    /// <summary>The ids of the forms of each character: alone, with the prefix, with the suffix, with both.</summary>
    private sealed class CharacterForms(BytePairLearning options, LearnedVocabulary vocabulary)
    {
        private const int NotAsked = -2;

        private readonly CodePointMap<int>[] _ids = [new(NotAsked), new(NotAsked), new(NotAsked), new(NotAsked)];

        public int IdOf(int character, bool continues, bool ends)
        {
            var prefix = continues ? options.ContinuingSubwordPrefix : "";
            var suffix = ends ? options.EndOfWordSuffix : "";
            ref var id = ref _ids[(prefix.Length > 0 ? 1 : 0) + (suffix.Length > 0 ? 2 : 0)].At(character);
            if (id == NotAsked)
            {
                // Only a character that is in the vocabulary has forms; the others vanish.
                var text = char.ConvertFromUtf32(character);
                id = vocabulary.Contains(text) ? vocabulary.Add(prefix + text + suffix) : Dropped;
            }

            return id;
        }
    }
}
