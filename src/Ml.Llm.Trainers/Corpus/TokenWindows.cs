namespace Ml.Llm.Data;

/// <summary>A token file cut into rows of one length, each with the tokens that follow. The last row may have fewer labels; no token is left out.</summary>
/// <threadsafety>May be read from several threads at once.</threadsafety>
internal sealed class TokenWindows
{
    private const long NoLabel = -100;
    private readonly TokenFile file;

    internal TokenWindows(TokenFile file, int length)
    {
        this.file = file;
        Length = length;
        Count = (file.TokenCount - 1 + length - 1) / length;
    }

    /// <summary>The tokens of a row.</summary>
    internal int Length { get; }

    /// <summary>The number of rows.</summary>
    internal long Count { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="window">The row, counted from 0.</param>
    /// <param name="ids">[length] the tokens; behind the last token of the file zeros.</param>
    /// <param name="labels">[length] the token that follows each, or -100 behind the last.</param>
    /// <returns>The number of labels.</returns>
    internal int Read(long window, Span<long> ids, Span<long> labels)
    {
        var start = window * Length;
        var count = (int)Math.Min(Length, file.TokenCount - 1 - start);
        file.CopyTo(start, ids[..count]);
        file.CopyTo(start + 1, labels[..count]);
        ids[count..].Clear();
        labels[count..].Fill(NoLabel);
        return count;
    }
}
