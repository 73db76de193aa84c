namespace Ml.Llm.Tokenization;

/// <summary>
/// The words that a Unigram vocabulary is trained on, as one text of symbols: each word followed by a boundary. Symbols are
/// numbered by code point, so that their order is that of the characters.
/// </summary>
/// <threadsafety>Immutable once built.</threadsafety>
internal sealed class Sentences
{
    /// <summary>The symbol after the last boundary, which occurs once.</summary>
    public const int End = 0;

    /// <summary>The symbol after each word; a U+0000 within a word is one as well, as with Hugging Face.</summary>
    public const int Boundary = 1;

    private const int FirstCharacter = 2;

    /// <summary>Lays out the words in the order of their code points, so that all sums have one order.</summary>
    public Sentences(WordTable words)
    {
        var reader = new WordCharacters(asBytes: false);
        var order = words.InOrder();
        var seen = new CodePointMap<long>(0);
        var alphabet = new List<int>();
        long length = 1;
        foreach (var word in order)
        {
            var characters = reader.Of(words.WordAt(word));
            length += characters.Length + 1;
            foreach (var character in characters)
            {
                ref var count = ref seen.At(character);
                if (count == 0) alphabet.Add(character);
                count += words.CountAt(word);
            }
        }

        alphabet.Sort();
        Characters = [.. alphabet];
        CharacterCounts = Array.ConvertAll(Characters, seen.Get);
        var symbols = new CodePointMap<int>(Boundary);
        for (var i = 0; i < Characters.Length; i++) symbols.At(Characters[i]) = Characters[i] == 0 ? Boundary : FirstCharacter + i;

        Text = new int[checked((int)length)];
        Starts = new int[order.Length + 1];
        Counts = new long[order.Length];
        var at = 0;
        for (var i = 0; i < order.Length; i++)
        {
            Starts[i] = at;
            Counts[i] = words.CountAt(order[i]);
            foreach (var character in reader.Of(words.WordAt(order[i]))) Text[at++] = symbols.Get(character);
            Text[at++] = Boundary;
        }

        Starts[order.Length] = at;
        Text[at] = End;
    }

    /// <summary>The symbols of all words.</summary>
    public int[] Text { get; }

    /// <summary>How many symbols there are.</summary>
    public int SymbolCount => FirstCharacter + Characters.Length;

    /// <summary>The different characters, in the order of their code points.</summary>
    public int[] Characters { get; }

    /// <summary>How often each character occurs.</summary>
    public long[] CharacterCounts { get; }

    /// <summary>How many words there are.</summary>
    public int Count => Counts.Length;

    /// <summary>Where each word begins, and where one more would.</summary>
    public int[] Starts { get; }

    /// <summary>How often each word occurs.</summary>
    public long[] Counts { get; }

    /// <summary>The symbol of a character.</summary>
    public static int SymbolOf(int characterIndex) => FirstCharacter + characterIndex;

    /// <summary>The place after a word's last symbol.</summary>
    public int EndOf(int word) => Starts[word + 1] - 1;

    /// <summary>A stretch of the text as characters.</summary>
    public string Spell(int start, int length) =>
        string.Concat(Text.AsSpan(start, length).ToArray().Select(symbol => char.ConvertFromUtf32(Characters[symbol - FirstCharacter])));
}
