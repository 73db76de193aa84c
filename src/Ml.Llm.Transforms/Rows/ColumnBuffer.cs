using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Rows;

/// <summary>The values of one column for the rows that were read ahead.</summary>
/// <threadsafety>Used by one thread at a time.</threadsafety>
internal abstract class ColumnBuffer
{
    private static readonly MethodInfo Maker =
        typeof(ColumnBuffer).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>A buffer for a column of a row or cursor.</summary>
    public static ColumnBuffer For(DataViewRow row, DataViewSchema.Column column) =>
        (ColumnBuffer)Maker.MakeGenericMethod(column.Type.RawType).Invoke(null, [row, column])!;

    /// <summary>Reads the value of the row's present position into a slot.</summary>
    public abstract void Read(int slot);

    private static ColumnBuffer<T> Make<T>(DataViewRow row, DataViewSchema.Column column) => new(row.GetGetter<T>(column));
}

/// <summary>The values of one column for the rows that were read ahead.</summary>
/// <param name="getter">Reads the value of the present row.</param>
/// <threadsafety>Used by one thread at a time.</threadsafety>
internal sealed class ColumnBuffer<T>(ValueGetter<T> getter) : ColumnBuffer
{
    private T[] values = new T[1];

    /// <summary>The slots; those that were not read hold leftovers.</summary>
    public T[] Values => values;

    /// <summary>Reads the present row's value past the buffer.</summary>
    public void ReadDirectly(ref T value) => getter(ref value);

    /// <inheritdoc/>
    public override void Read(int slot)
    {
        if (slot >= values.Length)
            Array.Resize(ref values, Math.Max(slot + 1, values.Length * 4));
        getter(ref values[slot]); // Each slot keeps its own memory, so a vector is not overwritten by the next row's.
    }
}

/// <summary>Hands a kept value out so that the receiver cannot change what is kept: vectors are copied, all else is immutable.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class KeptValue<T>
{
    private delegate void Copier(ref T source, ref T destination);

    private static readonly Copier? VectorCopier = MakeVectorCopier();

    /// <summary>Copies a kept value to where the receiver wants it.</summary>
    public static void CopyTo(ref T source, ref T destination)
    {
        if (VectorCopier is { } copy)
            copy(ref source, ref destination);
        else
            destination = source;
    }

    private static Copier? MakeVectorCopier()
    {
        if (!typeof(T).IsGenericType || typeof(T).GetGenericTypeDefinition() != typeof(VBuffer<>))
            return null;
        var method = typeof(KeptValue<T>).GetMethod(nameof(CopyVector), BindingFlags.NonPublic | BindingFlags.Static)!;
        return method.MakeGenericMethod(typeof(T).GetGenericArguments()[0]).CreateDelegate<Copier>();
    }

    private static void CopyVector<TItem>(ref VBuffer<TItem> source, ref VBuffer<TItem> destination) => source.CopyTo(ref destination);
}
