namespace Ml.Llm.Tokenization;

/// <summary>The parts that converted SentencePiece models are put together from.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SentencePieceParts(SentencePieceFile model, string file)
{
    /// <summary>The character that stands for a space.</summary>
    public const string Mark = "\u2581";

    private string Space => model.EscapesWhiteSpace ? Mark : " ";

    /// <summary>The model itself.</summary>
    /// <param name="unknownId">The id of the unknown piece.</param>
    /// <exception cref="ModelFormatException">The pieces do not make a model.</exception>
    public ITokenModel Model(int unknownId)
    {
        var pieces = model.Pieces;
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < pieces.Count; id++)
        {
            if (!ids.TryAdd(pieces[id].Text, id)) throw new ModelFormatException(file, $"the piece \"{pieces[id].Text}\" is there twice: its class adds it, and the file has it");
        }

        if (!model.IsBytePair)
        {
            var scored = pieces.Select(static piece => (piece.Text, (double)piece.Score)).ToList();
            return new UnigramModel(new UnigramVocabulary(scored, new UnigramModelOptions(unknownId, model.FallsBackToBytes)));
        }

        var merges = MergesOfPieces.Find(
            pieces.Select(static piece => (piece.Text, piece.Score)).ToList(),
            id => pieces[id].Type is SentencePieceType.Normal or SentencePieceType.UserDefined or SentencePieceType.Unused);
        var options = new BytePairModelOptions(pieces[unknownId].Text, FusesUnknown: true, FallsBackToBytes: model.FallsBackToBytes);
        return new BytePairModel(new BytePairVocabulary(ids, merges, options), takesBytes: false);
    }

    /// <summary>The table of replacements; null: the file has none.</summary>
    /// <exception cref="ModelFormatException">The table is broken.</exception>
    public PrecompiledNormalizer? CharacterMap()
    {
        if (model.CharacterMap.Length == 0) return null;
        try
        {
            return new PrecompiledNormalizer(Convert.ToBase64String(model.CharacterMap));
        }
        catch (FormatException problem)
        {
            throw new ModelFormatException(file, $"precompiled_charsmap cannot be read: it {problem.Message}", problem);
        }
    }

    /// <summary>What the options ask for: the table of replacements, one space for several, none at the end.</summary>
    public INormalizer? NormalizerByOptions() => InOrder(StepsByOptions());

    /// <summary>The same, with spaces as marks and one put behind the text.</summary>
    public INormalizer? NormalizerBySuffix(bool addsSuffix) =>
        InOrder([.. StepsByOptions(), .. model.EscapesWhiteSpace ? [Replace(" ", Mark)] : (INormalizer[])[], .. addsSuffix ? [new AppendNormalizer(Space)] : (INormalizer[])[]]);

    /// <summary>Words parted at white space, each with a mark before it.</summary>
    public IPreTokenizer WordsWithMarks() => new SequencePreTokenizer([new WhitespaceSplitPreTokenizer(), Metaspace(PrependScheme.Always, split: true)]);

    /// <summary>Words parted behind each mark.</summary>
    public IPreTokenizer? WordsBeforeMarks() =>
        model.IsBytePair ? null : new SplitPreTokenizer(new GivenPattern(Space, isExpression: false), SplitBehavior.MergedWithPrevious, invert: false);

    /// <summary>Spaces as marks, with one before the text as told.</summary>
    public IPreTokenizer Metaspace(PrependScheme scheme, bool split) => new MetaspacePreTokenizer(Space, scheme, split);

    /// <summary>The way back from marks.</summary>
    public ITokenDecoder MetaspaceDecoder(PrependScheme scheme) =>
        new MetaspaceDecoder(Space, scheme == PrependScheme.First ? "first" : scheme == PrependScheme.Never ? "never" : "always", split: true);

    /// <summary>The way back from marks and bytes.</summary>
    /// <param name="stripsFirst">Whether a space at the begin of the text was put there.</param>
    public ITokenDecoder ByteDecoder(bool stripsFirst) => new SequenceDecoder([.. FromMarks(), .. stripsFirst ? [new StripDecoder(" ", 1, 0)] : (ITokenDecoder[])[]]);

    /// <summary>The way back where marks end words.</summary>
    /// <param name="stripsLast">Whether a space at the end of the text was put there.</param>
    public ITokenDecoder SuffixDecoder(bool stripsLast) => new SequenceDecoder([.. FromMarks(), .. stripsLast ? [new StripDecoder(" ", 0, 1)] : (ITokenDecoder[])[]]);

    /// <summary>A replacement of one text by another.</summary>
    public static ReplaceNormalizer Replace(string text, string by) => new(new GivenPattern(text, isExpression: false), by);

    /// <summary>The replacement of several spaces by one.</summary>
    public static ReplaceNormalizer SpacesAsOne() => new(new GivenPattern(" {2,}", isExpression: true), " ");

    private IEnumerable<ITokenDecoder> FromMarks() => [new ReplaceDecoder(new GivenPattern(Mark, isExpression: false), " "), new ByteFallbackDecoder(), new FuseDecoder()];

    private List<INormalizer> StepsByOptions()
    {
        var steps = new List<INormalizer>();
        if (CharacterMap() is { } map) steps.Add(map);
        if (model.RemovesExtraWhiteSpace) steps.AddRange([new StripNormalizer(left: false, right: true), SpacesAsOne()]);
        return steps;
    }

    private static INormalizer? InOrder(List<INormalizer> steps) => steps.Count switch
    {
        0 => null,
        1 => steps[0],
        _ => new SequenceNormalizer(steps),
    };
}
