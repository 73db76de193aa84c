using System.Runtime.InteropServices;

namespace Ml.Llm.Checkpoints;

/// <summary>Turns the bytes of floating-point types into fp32.</summary>
internal static class FloatWidening
{
    /// <summary>Converts whole elements; F64 is rounded to nearest, the half types widen exactly.</summary>
    internal static void Convert(SafetensorsDType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case SafetensorsDType.BF16:
                var bits = MemoryMarshal.Cast<byte, ushort>(source);
                var words = MemoryMarshal.Cast<float, uint>(destination);
                for (var i = 0; i < bits.Length; i++)
                    words[i] = (uint)bits[i] << 16;
                break;
            case SafetensorsDType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(source);
                for (var i = 0; i < halves.Length; i++)
                    destination[i] = (float)halves[i];
                break;
            case SafetensorsDType.F64:
                var doubles = MemoryMarshal.Cast<byte, double>(source);
                for (var i = 0; i < doubles.Length; i++)
                    destination[i] = (float)doubles[i];
                break;
            case SafetensorsDType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type that widens to fp32.");
        }
    }
}
