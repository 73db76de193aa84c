namespace Ml.Llm.Tokenization;

/// <summary>
/// The pieces that the training of a Unigram vocabulary begins with: all characters, and of the stretches that occur in
/// words with different characters after them those with the most characters altogether.
/// </summary>
/// <remarks>
/// These stretches are the inner nodes of the suffix tree, found in the suffix array as runs of suffixes with a common
/// prefix. A stretch counts once for each place in a different word, not by how often the word occurs, as with Hugging Face
/// and SentencePiece.
/// </remarks>
/// <threadsafety>Immutable once built.</threadsafety>
internal sealed class SeedPieces
{
    private readonly List<Candidate> _pieces = [];
    private readonly List<double> _weights = [];

    /// <summary>Finds the pieces.</summary>
    public SeedPieces(Sentences sentences, int maxPieceLength, int seedSize)
    {
        var text = sentences.Text;
        var suffixes = SuffixArray.Of(text, sentences.SymbolCount);
        AddCharacters(sentences, suffixes);
        var candidates = FindCandidates(text, suffixes, maxPieceLength);
        candidates.Sort(static (a, b) => a.CompareScores(b));
        foreach (var candidate in candidates.Take(Math.Max(1, seedSize - _pieces.Count)))
        {
            _pieces.Add(candidate);
            _weights.Add(candidate.Score);
        }

        // Relative frequencies as natural logarithms.
        var logarithm = Math.Log(_weights.Sum());
        Scores = _weights.ConvertAll(weight => Math.Log(weight) - logarithm);
        LongestPiece = _pieces.Select(piece => piece.Length).Append(1).Max();
        InOrder = Enumerable.Range(0, _pieces.Count).ToArray();
        Array.Sort(InOrder, (a, b) => _pieces[a].CompareTexts(_pieces[b]));
    }

    /// <summary>How many pieces there are.</summary>
    public int Count => _pieces.Count;

    /// <summary>How many characters the longest piece has; at least 1.</summary>
    public int LongestPiece { get; }

    /// <summary>The score of each piece.</summary>
    public IReadOnlyList<double> Scores { get; }

    /// <summary>The numbers of the pieces in the order of their texts.</summary>
    public int[] InOrder { get; }

    /// <summary>A place of the text where a piece occurs.</summary>
    public int StartOf(int piece) => _pieces[piece].Start;

    /// <summary>How many characters a piece has.</summary>
    public int LengthOf(int piece) => _pieces[piece].Length;

    /// <summary>The most frequent character first, of equally frequent ones that with the larger code point.</summary>
    private void AddCharacters(Sentences sentences, int[] suffixes)
    {
        var first = new int[sentences.SymbolCount];
        for (var i = suffixes.Length - 1; i >= 0; i--) first[sentences.Text[suffixes[i]]] = i;
        var order = Enumerable.Range(0, sentences.Characters.Length)
            .Where(i => sentences.Characters[i] != 0)
            .OrderByDescending(i => sentences.CharacterCounts[i])
            .ThenByDescending(i => sentences.Characters[i]);
        foreach (var i in order)
        {
            var left = first[Sentences.SymbolOf(i)];
            _pieces.Add(new Candidate(0, left, suffixes[left], 1));
            _weights.Add(sentences.CharacterCounts[i]);
        }
    }

    private static List<Candidate> FindCandidates(int[] text, int[] suffixes, int maxPieceLength)
    {
        var common = SuffixArray.CommonPrefixes(text, suffixes);
        var room = RoomBeforeBoundary(text);
        var candidates = new List<Candidate>();
        var open = new Stack<(int Length, int Left)>();
        for (var i = 1; i <= suffixes.Length; i++)
        {
            var length = i < suffixes.Length ? common[i] : 0;
            var left = i - 1;
            while (open.TryPeek(out var top) && top.Length > length)
            {
                open.Pop();
                left = top.Left;
                var start = suffixes[left];
                if (top.Length > 1 && top.Length <= maxPieceLength && top.Length <= room[start])
                    candidates.Add(new Candidate((long)(i - left) * top.Length, left, start, top.Length));
            }

            if (length > 0 && (!open.TryPeek(out var below) || below.Length < length)) open.Push((length, left));
        }

        return candidates;
    }

    private static int[] RoomBeforeBoundary(int[] text)
    {
        var room = new int[text.Length];
        for (var i = text.Length - 2; i >= 0; i--) room[i] = text[i] == Sentences.Boundary ? 0 : room[i + 1] + 1;
        return room;
    }

    /// <summary>A stretch of the text, and where the suffixes that begin with it begin in the order of suffixes.</summary>
    private readonly record struct Candidate(long Score, int Left, int Start, int Length)
    {
        /// <summary>By score, of equal ones the larger text first.</summary>
        public int CompareScores(Candidate other) => Score != other.Score ? other.Score.CompareTo(Score) : other.CompareTexts(this);

        /// <summary>By text: of two that begin at the same suffix the longer one goes on where the shorter ends.</summary>
        public int CompareTexts(Candidate other) => Left != other.Left ? Left.CompareTo(other.Left) : Length.CompareTo(other.Length);
    }
}
