namespace Ml.Llm.Tokenization;

/// <summary>What the encoding of a text writes on; kept by each thread, so that a text costs no allocation but its result.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class EncodingBuffers
{
    private const int KeptCapacity = 1 << 14;

    [ThreadStatic] private static EncodingBuffers? t_spare;

    /// <summary>The text between two added tokens.</summary>
    public AlignedText Text { get; } = new();

    /// <summary>A part of <see cref="Text"/>, where normalized tokens are found in it.</summary>
    public AlignedText Part { get; } = new();

    /// <summary>The pieces of one of them.</summary>
    public PieceList Pieces { get; } = new();

    /// <summary>The segments of the whole text.</summary>
    public List<TextSegment> Segments { get; } = [];

    /// <summary>The segments of <see cref="Text"/>.</summary>
    public List<TextSegment> NormalizedSegments { get; } = [];

    /// <summary>Where added tokens were found.</summary>
    public List<(int Start, int Index)> Places { get; } = [];

    /// <summary>The tokens of a piece.</summary>
    public List<PieceToken> PieceTokens { get; } = [];

    /// <summary>The tokens of the whole text.</summary>
    public List<DetailedToken> Tokens { get; } = [];

    /// <summary>This thread's spare ones, or new ones; whoever asks again before they are given back gets others.</summary>
    public static EncodingBuffers Rent()
    {
        var buffers = t_spare ?? new EncodingBuffers();
        t_spare = null;
        return buffers;
    }

    /// <summary>Gives them back; what a giant text has grown is left to the collector.</summary>
    public void Return()
    {
        Text.Trim();
        Part.Trim();
        Pieces.Trim();
        Trim(Segments);
        Trim(NormalizedSegments);
        Trim(Places);
        Trim(PieceTokens);
        Trim(Tokens);
        t_spare = this;
    }

    private static void Trim<T>(List<T> list)
    {
        list.Clear();
        if (list.Capacity > KeptCapacity) list.Capacity = 0;
    }
}
