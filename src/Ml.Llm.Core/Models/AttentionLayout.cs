namespace Ml.Llm.Models;

/// <summary>
/// Which keys each query sees, and at which position each token stands. The query at place t of a row sees the keys from
/// its first one up to t, which covers left padding, packed documents and sliding windows with one number a token.
/// </summary>
/// <remarks>Padding on the right needs nothing: under a causal order no real token sees it.</remarks>
internal sealed class AttentionLayout
{
    private AttentionLayout(int batch, int length, int[]? firstKey, int[]? positions)
    {
        Batch = batch;
        Length = length;
        FirstKey = firstKey;
        Positions = positions;
    }

    /// <summary>The number of rows.</summary>
    internal int Batch { get; }

    /// <summary>The number of tokens in a row.</summary>
    internal int Length { get; }

    /// <summary>[batch * length] the first key that each query sees, at most its own place; null for 0 everywhere.</summary>
    internal int[]? FirstKey { get; }

    /// <summary>[batch * length] the position of each token, for rotary angles and position tables; null for its place in the row.</summary>
    internal int[]? Positions { get; }

    /// <summary>Rows without padding: every query sees all keys before it.</summary>
    internal static AttentionLayout Full(int batch, int length) => new(batch, length, null, null);

    /// <summary>Rows padded on the left.</summary>
    /// <param name="padding">The number of padding tokens at the start of each row.</param>
    /// <param name="length">The number of tokens in a row.</param>
    internal static AttentionLayout LeftPadded(ReadOnlySpan<int> padding, int length)
    {
        var first = new int[padding.Length * length];
        var positions = new int[first.Length];
        for (var row = 0; row < padding.Length; row++)
        {
            for (var t = 0; t < length; t++)
            {
                // A padding token sees itself alone, so that its softmax has something to work on; nobody reads the result.
                first[(row * length) + t] = Math.Min(padding[row], t);
                positions[(row * length) + t] = Math.Max(0, t - padding[row]);
            }
        }

        return new AttentionLayout(padding.Length, length, first, positions);
    }

    /// <summary>New tokens behind those in a cache: their positions alone.</summary>
    /// <param name="padding">The number of padding tokens at the start of each row.</param>
    /// <param name="seen">The number of tokens before the new ones, padding included.</param>
    /// <param name="length">The number of new tokens in a row.</param>
    internal static AttentionLayout Continued(ReadOnlySpan<int> padding, int seen, int length)
    {
        var positions = new int[padding.Length * length];
        for (var row = 0; row < padding.Length; row++)
        {
            for (var t = 0; t < length; t++)
                positions[(row * length) + t] = Math.Max(0, seen + t - padding[row]);
        }

        return new AttentionLayout(padding.Length, length, null, positions);
    }

    /// <summary>Rows as an attention mask gives them: ones are real tokens, zeros are padding on the left or on the right.</summary>
    /// <param name="mask">[batch * length] ones and zeros.</param>
    /// <param name="batch">The number of rows.</param>
    /// <param name="length">The number of tokens in a row.</param>
    /// <exception cref="ArgumentException">The mask has holes between real tokens, or another size.</exception>
    internal static AttentionLayout FromMask(ReadOnlySpan<long> mask, int batch, int length)
    {
        if (mask.Length != (long)batch * length)
            throw new ArgumentException($"The mask has {mask.Length} elements for {batch} rows of {length} tokens.", nameof(mask));
        var padding = new int[batch];
        for (var row = 0; row < batch; row++)
        {
            var values = mask.Slice(row * length, length);
            var begin = values.IndexOf(1);
            padding[row] = begin < 0 ? 0 : begin;
            var end = values.LastIndexOf(1);
            if (begin >= 0 && values[begin..(end + 1)].Contains(0))
                throw new ArgumentException($"Row {row} of the mask has zeros between ones; only padding on the left or right is possible.", nameof(mask));
        }

        return LeftPadded(padding, length);
    }

    /// <summary>Any rows: for packed documents, the first key of a token is the first token of its document.</summary>
    /// <param name="firstKey">[batch * length] the first key that each query sees.</param>
    /// <param name="positions">[batch * length] the position of each token.</param>
    /// <param name="batch">The number of rows.</param>
    /// <param name="length">The number of tokens in a row.</param>
    internal static AttentionLayout Custom(int[] firstKey, int[] positions, int batch, int length)
    {
        if (firstKey.Length != (long)batch * length || positions.Length != firstKey.Length)
            throw new ArgumentException($"First keys and positions must have {batch} x {length} elements.", nameof(firstKey));
        for (var i = 0; i < firstKey.Length; i++)
        {
            if (firstKey[i] < 0 || firstKey[i] > i % length || positions[i] < 0)
                throw new ArgumentException($"Token {i % length} of row {i / length} has first key {firstKey[i]} and position {positions[i]}.", nameof(firstKey));
        }

        return new AttentionLayout(batch, length, firstKey, positions);
    }
}
