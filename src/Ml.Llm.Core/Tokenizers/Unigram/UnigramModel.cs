namespace Ml.Llm.Tokenization;

/// <summary>
/// Unigram language model: of all ways to write a piece of text as vocabulary pieces the most likely one, or one drawn by its
/// probability. Neighbouring unknown characters become one token.
/// </summary>
/// <remarks>Kudo: Subword Regularization, ACL 2018.</remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class UnigramModel : ITokenModel
{
    private readonly WordCache _cache = new();
    private long _words;

    /// <summary>Makes the model of a vocabulary.</summary>
    /// <param name="vocabulary">The pieces and options.</param>
    /// <param name="sampling">How ways to write a text are drawn; null: the most likely one is taken.</param>
    /// <exception cref="ArgumentException">An option of sampling is out of its range.</exception>
    public UnigramModel(UnigramVocabulary vocabulary, UnigramSampling? sampling = null)
    {
        sampling?.Validate();
        Vocabulary = vocabulary;
        Sampling = sampling is { Alpha: > 0 } ? sampling : null;
    }

    /// <summary>The pieces and options.</summary>
    public UnigramVocabulary Vocabulary { get; }

    /// <summary>How ways to write a text are drawn, or null.</summary>
    public UnigramSampling? Sampling { get; }

    public int LargestId => Vocabulary.Count - 1;

    public int Count => Vocabulary.Count;

    public string? UnknownToken => Vocabulary.Options.UnknownId is { } id ? Vocabulary.PieceOf(id) : null;

    public int? IdOf(string token) => Vocabulary.IdOf(token);

    public string? TokenOf(int id) => Vocabulary.PieceOf(id);

    public void WriteTo(JsonOutput output) => Vocabulary.WriteTo(output);

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.IsEmpty) return;
        var cacheable = IsCacheable(piece);
        if (cacheable && _cache.TryAppend(piece, ids)) return;

        var before = ids.Count;
        using var utf8 = new Utf8Piece(piece, stackalloc byte[Utf8Piece.StackSize]);
        var text = utf8.Bytes;
        var reversed = SymbolList.Rent();
        Tokenize(text, reversed);
        var runs = new PathRuns(reversed, Vocabulary.Options.UnknownId, text.Length);
        while (runs.Next(out var id, out var start, out var end))
        {
            var run = text[start..end];
            if (id != Vocabulary.Options.UnknownId) ids.Add(id);
            else if (Vocabulary.Trie.Find(run) is var known and not ByteTrie.None) ids.Add(known);
            else if (!HaveByteIds(run)) ids.Add(id);
            else
            {
                foreach (var value in run) ids.Add(Vocabulary.ByteIds![value]);
            }
        }

        SymbolList.Return(reversed);
        if (cacheable) _cache.Add(piece, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[before..]);
    }

    public void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens)
    {
        if (piece.IsEmpty) return;
        var cacheable = IsCacheable(piece);
        if (cacheable && _cache.TryFind(piece, out var found) && found.Length == 1 && found[0] != Vocabulary.Options.UnknownId)
        {
            tokens.Add(new PieceToken(found[0], 0, piece.Length, EndsInside: false));
            return;
        }

        var before = tokens.Count;
        using var utf8 = new Utf8Piece(piece, stackalloc byte[Utf8Piece.StackSize]);
        var text = utf8.Bytes;
        var reversed = SymbolList.Rent();
        Tokenize(text, reversed);
        var runs = new PathRuns(reversed, Vocabulary.Options.UnknownId, text.Length);
        var character = new CharacterCursor(piece);
        while (runs.Next(out var id, out var start, out var end))
        {
            var run = text[start..end];
            var from = character.End;
            character.MoveTo(end - 1);
            var to = character.End;
            if (id != Vocabulary.Options.UnknownId) tokens.Add(new PieceToken(id, from, to, EndsInside: false));
            else if (Vocabulary.Trie.Find(run) is var known and not ByteTrie.None) tokens.Add(new PieceToken(known, from, to, EndsInside: false));
            else if (!HaveByteIds(run)) tokens.Add(new PieceToken(id, from, to, EndsInside: false, IsSpelledAsText: true));
            else
            {
                // Each byte has the whole unknown stretch for its place.
                for (var i = 0; i < run.Length; i++) tokens.Add(new PieceToken(Vocabulary.ByteIds![run[i]], from, to, EndsInside: i < run.Length - 1));
            }
        }

        SymbolList.Return(reversed);
        if (cacheable && tokens.Count == before + 1) _cache.Add(piece, [tokens[before].Id]);
    }

    private bool IsCacheable(ReadOnlySpan<char> piece) => piece.Length <= WordCache.LongestWord && Sampling is null;

    private void Tokenize(ReadOnlySpan<byte> text, SymbolList reversed)
    {
        if (Sampling is null)
        {
            BestPath.Find(Vocabulary, text, reversed);
            return;
        }

        var lattice = new UnigramLattice(Vocabulary, text);
        var random = new SeededRandom(Sampling.Seed, (ulong)Interlocked.Increment(ref _words));
        foreach (var node in Sampling.NBest > 0 ? lattice.SampleOfBest(Sampling.NBest, Sampling.Alpha, ref random) : lattice.Sample(Sampling.Alpha, ref random))
            reversed.Add(node.Id, node.End - node.Start);
    }

    private bool HaveByteIds(ReadOnlySpan<byte> run)
    {
        if (Vocabulary.ByteIds is not { } byteIds) return false;
        foreach (var value in run)
        {
            if (byteIds[value] < 0) return false;
        }

        return true;
    }

    /// <summary>The pieces of a path from the first to the last, neighbouring unknown ones as one.</summary>
    private ref struct PathRuns(SymbolList reversed, int? unknown, int length)
    {
        private int _left = reversed.Count;

        public bool Next(out int id, out int start, out int end)
        {
            (id, start, end) = (0, 0, 0);
            if (_left == 0) return false;
            _left--;
            id = reversed.Ids[_left];
            start = length - reversed.Ends[_left];
            while (id == unknown && _left > 0 && reversed.Ids[_left - 1] == unknown) _left--;
            end = _left == 0 ? length : length - reversed.Ends[_left - 1];
            return true;
        }
    }
}
