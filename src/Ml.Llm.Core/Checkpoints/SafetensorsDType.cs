using TorchSharp;

namespace Ml.Llm.Checkpoints;

/// <summary>The element types of the safetensors format, in the format's own order: a file's data is sorted by it, descending.</summary>
internal enum SafetensorsDType
{
    /// <summary>Not a type of the format.</summary>
    None,
    Bool,
    F4,
    F6E2M3,
    F6E3M2,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    F8E8M0,
    F8E4M3Fnuz,
    F8E5M2Fnuz,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}

/// <summary>Names, widths and engine types of the element types.</summary>
internal static class SafetensorsDTypes
{
    /// <summary>The type of a name as files spell it (case matters), or <see cref="SafetensorsDType.None"/>.</summary>
    internal static SafetensorsDType Parse(string name) => name switch
    {
        "BOOL" => SafetensorsDType.Bool,
        "F4" => SafetensorsDType.F4,
        "F6_E2M3" => SafetensorsDType.F6E2M3,
        "F6_E3M2" => SafetensorsDType.F6E3M2,
        "U8" => SafetensorsDType.U8,
        "I8" => SafetensorsDType.I8,
        "F8_E5M2" => SafetensorsDType.F8E5M2,
        "F8_E4M3" => SafetensorsDType.F8E4M3,
        "F8_E8M0" => SafetensorsDType.F8E8M0,
        "F8_E4M3FNUZ" => SafetensorsDType.F8E4M3Fnuz,
        "F8_E5M2FNUZ" => SafetensorsDType.F8E5M2Fnuz,
        "I16" => SafetensorsDType.I16,
        "U16" => SafetensorsDType.U16,
        "F16" => SafetensorsDType.F16,
        "BF16" => SafetensorsDType.BF16,
        "I32" => SafetensorsDType.I32,
        "U32" => SafetensorsDType.U32,
        "F32" => SafetensorsDType.F32,
        "C64" => SafetensorsDType.C64,
        "F64" => SafetensorsDType.F64,
        "I64" => SafetensorsDType.I64,
        "U64" => SafetensorsDType.U64,
        _ => SafetensorsDType.None,
    };

    /// <summary>The name as files spell it.</summary>
    internal static string Code(this SafetensorsDType type) => type switch
    {
        SafetensorsDType.F6E2M3 => "F6_E2M3",
        SafetensorsDType.F6E3M2 => "F6_E3M2",
        SafetensorsDType.F8E5M2 => "F8_E5M2",
        SafetensorsDType.F8E4M3 => "F8_E4M3",
        SafetensorsDType.F8E8M0 => "F8_E8M0",
        SafetensorsDType.F8E4M3Fnuz => "F8_E4M3FNUZ",
        SafetensorsDType.F8E5M2Fnuz => "F8_E5M2FNUZ",
        SafetensorsDType.Bool => "BOOL",
        _ => type.ToString(),
    };

    /// <summary>The width of one element in bits.</summary>
    internal static int Bits(this SafetensorsDType type) => type switch
    {
        SafetensorsDType.F4 => 4,
        SafetensorsDType.F6E2M3 or SafetensorsDType.F6E3M2 => 6,
        <= SafetensorsDType.F8E5M2Fnuz => 8,
        <= SafetensorsDType.BF16 => 16,
        <= SafetensorsDType.F32 => 32,
        _ => 64,
    };

    /// <summary>Whether values of the type are real numbers that widen or round to fp32.</summary>
    internal static bool WidensToFloat(this SafetensorsDType type) =>
        type is SafetensorsDType.F32 or SafetensorsDType.BF16 or SafetensorsDType.F16 or SafetensorsDType.F64;

    /// <summary>The engine's type, or null where the engine computes with no such type.</summary>
    internal static torch.ScalarType? ToScalarType(this SafetensorsDType type) => type switch
    {
        SafetensorsDType.Bool => torch.ScalarType.Bool,
        SafetensorsDType.U8 => torch.ScalarType.Byte,
        SafetensorsDType.I8 => torch.ScalarType.Int8,
        SafetensorsDType.I16 => torch.ScalarType.Int16,
        SafetensorsDType.I32 => torch.ScalarType.Int32,
        SafetensorsDType.I64 => torch.ScalarType.Int64,
        SafetensorsDType.F16 => torch.ScalarType.Float16,
        SafetensorsDType.BF16 => torch.ScalarType.BFloat16,
        SafetensorsDType.F32 => torch.ScalarType.Float32,
        SafetensorsDType.F64 => torch.ScalarType.Float64,
        SafetensorsDType.C64 => torch.ScalarType.ComplexFloat32,
        _ => null,
    };

    /// <summary>The format's type of an engine's type, or <see cref="SafetensorsDType.None"/>.</summary>
    internal static SafetensorsDType FromScalarType(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Bool => SafetensorsDType.Bool,
        torch.ScalarType.Byte => SafetensorsDType.U8,
        torch.ScalarType.Int8 => SafetensorsDType.I8,
        torch.ScalarType.Int16 => SafetensorsDType.I16,
        torch.ScalarType.Int32 => SafetensorsDType.I32,
        torch.ScalarType.Int64 => SafetensorsDType.I64,
        torch.ScalarType.Float16 => SafetensorsDType.F16,
        torch.ScalarType.BFloat16 => SafetensorsDType.BF16,
        torch.ScalarType.Float32 => SafetensorsDType.F32,
        torch.ScalarType.Float64 => SafetensorsDType.F64,
        torch.ScalarType.ComplexFloat32 => SafetensorsDType.C64,
        _ => SafetensorsDType.None,
    };
}
