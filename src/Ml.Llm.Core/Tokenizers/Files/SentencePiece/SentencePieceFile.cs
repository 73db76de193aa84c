namespace Ml.Llm.Tokenization;

/// <summary>What a piece of SentencePiece is for, by the numbers in its files and in GGUF's.</summary>
internal enum SentencePieceType
{
    /// <summary>It spells text.</summary>
    Normal = 1,

    /// <summary>It stands for what is not known.</summary>
    Unknown = 2,

    /// <summary>It has a meaning and spells no text.</summary>
    Control = 3,

    /// <summary>It is cut out of the text before anything else.</summary>
    UserDefined = 4,

    /// <summary>It keeps a place.</summary>
    Unused = 5,

    /// <summary>It stands for a byte.</summary>
    Byte = 6,
}

/// <summary>A piece of SentencePiece; its id is its place.</summary>
/// <param name="Text">How it is spelled.</param>
/// <param name="Score">The logarithm of its probability, or minus the rank of its merge.</param>
/// <param name="Type">What it is for.</param>
internal readonly record struct SentencePiece(string Text, float Score, SentencePieceType Type);

/// <summary>What a SentencePiece model says: its pieces, and those of its options that change how text is encoded.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed record SentencePieceFile
{
    /// <summary>The pieces, each of its own spelling.</summary>
    public required IReadOnlyList<SentencePiece> Pieces { get; init; }

    /// <summary>Whether pieces are put together by merges instead of by their likelihood.</summary>
    public bool IsBytePair { get; init; }

    /// <summary>The id of the unknown piece. Default 0.</summary>
    public int UnknownId { get; init; }

    /// <summary>Whether unknown text becomes bytes. Default no.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>Whether the mark of white space ends words instead of beginning them. Default no.</summary>
    public bool TreatsWhiteSpaceAsSuffix { get; init; }

    /// <summary>The table of character replacements; empty: there is none.</summary>
    public byte[] CharacterMap { get; init; } = [];

    /// <summary>Whether a space is put before the text. Default yes.</summary>
    public bool AddsDummyPrefix { get; init; } = true;

    /// <summary>Whether several spaces are one, and those at the ends go. Default yes.</summary>
    public bool RemovesExtraWhiteSpace { get; init; } = true;

    /// <summary>Whether a space is written as ▁. Default yes.</summary>
    public bool EscapesWhiteSpace { get; init; } = true;

    /// <summary>The pieces that are cut out of texts before anything else: control and user-defined ones.</summary>
    public IEnumerable<AddedToken> CutOut => Pieces
        .Where(piece => piece.Type is SentencePieceType.Control or SentencePieceType.UserDefined)
        .Select(piece => new AddedToken(0, piece.Text, Special: piece.Type == SentencePieceType.Control));
}
