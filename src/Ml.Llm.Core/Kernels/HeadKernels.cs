using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>Heads, lengths and rotary table of an attention, as kernels use them. Positions are null where a token stands at its place in the row.</summary>
internal unsafe readonly struct HeadLayout
{
    internal required int Batch { get; init; }

    internal required int Length { get; init; }

    /// <summary>The tokens that a head has room for, at least <see cref="Length"/>.</summary>
    internal required int Room { get; init; }

    internal required int Heads { get; init; }

    internal required int KeyValueHeads { get; init; }

    internal required int HeadDim { get; init; }

    /// <summary>[positions, half] cosines, or null for no rotary positions.</summary>
    internal float* Cosines { get; init; }

    internal float* Sines { get; init; }

    /// <summary>[batch * length] or null.</summary>
    internal int* Positions { get; init; }

    internal int Width => (Heads + (2 * KeyValueHeads)) * HeadDim;
}

/// <summary>
/// Between tokens with their heads side by side, [tokens, heads * dim], and heads with their tokens one under another,
/// [batch, heads, room, dim], as batched products want them; rotary positions and scale are applied on the way.
/// </summary>
internal static unsafe class HeadKernels
{
    private const int RowGrain = 16;

    /// <summary>Splits into query (rotated and scaled), key (rotated) and value.</summary>
    internal static void Split<T>(T* source, T* query, T* key, T* value, HeadLayout layout, float scale) where T : unmanaged, IElement<T> =>
        EngineThreads.For((long)layout.Batch * layout.Length, RowGrain, (begin, end) =>
        {
            for (var token = begin; token < end; token++)
            {
                var (row, place) = Math.DivRem(token, layout.Length);
                var from = source + (token * layout.Width);
                for (var head = 0; head < layout.Heads; head++, from += layout.HeadDim)
                    Rotate(from, At(query, layout, layout.Heads, row, head, place), layout, token, scale, inverse: false);
                for (var head = 0; head < layout.KeyValueHeads; head++, from += layout.HeadDim)
                    Rotate(from, At(key, layout, layout.KeyValueHeads, row, head, place), layout, token, 1, inverse: false);
                for (var head = 0; head < layout.KeyValueHeads; head++, from += layout.HeadDim)
                    Copy(from, At(value, layout, layout.KeyValueHeads, row, head, place), layout.HeadDim);
            }
        });

    /// <summary>The way back for gradients: rotated the other way, the query's scaled again.</summary>
    internal static void Join<T>(T* query, T* key, T* value, T* destination, HeadLayout layout, float scale) where T : unmanaged, IElement<T> =>
        EngineThreads.For((long)layout.Batch * layout.Length, RowGrain, (begin, end) =>
        {
            for (var token = begin; token < end; token++)
            {
                var (row, place) = Math.DivRem(token, layout.Length);
                var into = destination + (token * layout.Width);
                for (var head = 0; head < layout.Heads; head++, into += layout.HeadDim)
                    Rotate(At(query, layout, layout.Heads, row, head, place), into, layout, token, scale, inverse: true);
                for (var head = 0; head < layout.KeyValueHeads; head++, into += layout.HeadDim)
                    Rotate(At(key, layout, layout.KeyValueHeads, row, head, place), into, layout, token, 1, inverse: true);
                for (var head = 0; head < layout.KeyValueHeads; head++, into += layout.HeadDim)
                    Copy(At(value, layout, layout.KeyValueHeads, row, head, place), into, layout.HeadDim);
            }
        });

    /// <summary>[batch, heads, room, dim] to [tokens, heads * dim], or back.</summary>
    internal static void Transpose<T>(T* heads, T* tokens, HeadLayout layout, bool toTokens) where T : unmanaged, IElement<T> =>
        EngineThreads.For((long)layout.Batch * layout.Length, RowGrain, (begin, end) =>
        {
            for (var token = begin; token < end; token++)
            {
                var (row, place) = Math.DivRem(token, layout.Length);
                var line = tokens + (token * layout.Heads * layout.HeadDim);
                for (var head = 0; head < layout.Heads; head++, line += layout.HeadDim)
                {
                    var cell = At(heads, layout, layout.Heads, row, head, place);
                    if (toTokens)
                        Copy(cell, line, layout.HeadDim);
                    else
                        Copy(line, cell, layout.HeadDim);
                }
            }
        });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* At<T>(T* heads, in HeadLayout layout, int count, long row, int head, long place) where T : unmanaged =>
        heads + ((((row * count) + head) * layout.Room) + place) * layout.HeadDim;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<T>(T* from, T* into, int count) where T : unmanaged =>
        Unsafe.CopyBlockUnaligned(into, from, (uint)(count * sizeof(T)));

    private static void Rotate<T>(T* from, T* into, in HeadLayout layout, long token, float scale, bool inverse) where T : unmanaged, IElement<T>
    {
        var factor = Vector512.Create(scale);
        if (layout.Cosines is null)
        {
            for (var i = 0; i < layout.HeadDim; i += Lanes.Count)
                Lanes.Store(into + i, Lanes.Load(from + i, layout.HeadDim - i) * factor, layout.HeadDim - i);
            return;
        }

        var half = layout.HeadDim / 2;
        var position = layout.Positions is null ? token % layout.Length : layout.Positions[token];
        var cosines = (Fp32*)layout.Cosines + (position * half);
        var sines = (Fp32*)layout.Sines + (position * half);
        for (var i = 0; i < half; i += Lanes.Count)
        {
            var left = half - i;
            var (first, second) = (Lanes.Load(from + i, left) * factor, Lanes.Load(from + half + i, left) * factor);
            var (cosine, sine) = (Lanes.Load(cosines + i, left), Lanes.Load(sines + i, left));
            if (inverse)
                sine = -sine;
            Lanes.Store(into + i, (first * cosine) - (second * sine), left);
            Lanes.Store(into + half + i, (second * cosine) + (first * sine), left);
        }
    }
}
