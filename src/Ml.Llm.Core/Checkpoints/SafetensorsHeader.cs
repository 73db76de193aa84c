using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Ml.Llm.Checkpoints;

/// <summary>The header of a safetensors file: read strictly, so that a file that gets past it cannot surprise a reader.</summary>
/// <remarks>
/// The rules are the format's own (tensors cover the data without gap or overlap, sizes fit types and shapes, at most
/// 100 MB of header) and, beyond them: no name twice however it is escaped, at most <see cref="MaxDimensions"/> dimensions.
/// Nothing is allocated on the word of a number in the file that the file's length does not bear out.
/// </remarks>
internal sealed class SafetensorsHeader
{
    internal const long MaxHeaderBytes = 100_000_000;
    internal const int MaxDimensions = 64;
    private const string MetadataName = "__metadata__";

    private readonly string file;
    private bool metadataSeen;

    private SafetensorsHeader(string file) => this.file = file;

    /// <summary>The tensors by name, in the order of the header.</summary>
    internal Dictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The text pairs of <c>__metadata__</c>; empty where there are none.</summary>
    internal Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Where the data begins in the file.</summary>
    internal long DataStart { get; private init; }

    /// <summary>Reads and checks the header.</summary>
    /// <param name="source">The file.</param>
    /// <param name="file">The name for messages.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format.</exception>
    internal static SafetensorsHeader Read(ByteSource source, string file)
    {
        if (source.Length < sizeof(ulong))
        {
            throw new ModelFormatException(file,
                $"the file is too small for a safetensors file: it has {Text(source.Length)} bytes and the length of the header alone takes 8. Fetch the file again.");
        }

        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        source.ReadAt(prefix, 0);
        var announced = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (announced > MaxHeaderBytes)
        {
            throw new ModelFormatException(file,
                $"the header is too large: {announced.ToString(CultureInfo.InvariantCulture)} bytes, where the format allows {Text(MaxHeaderBytes)}. This is probably no safetensors file.");
        }

        var length = (int)announced;
        if (length > source.Length - sizeof(ulong))
        {
            throw new ModelFormatException(file,
                $"the header's length reaches past the end of the file: {Text(length)} bytes of header, {Text(source.Length - sizeof(ulong))} bytes left. The file is cut short or no safetensors file.");
        }

        var json = new byte[length];
        source.ReadAt(json, sizeof(ulong));
        var header = new SafetensorsHeader(file) { DataStart = sizeof(ulong) + length };
        header.Parse(json);
        header.CheckLayout(source.Length - header.DataStart);
        return header;
    }

    private void Parse(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
            throw Invalid("it does not begin with '{'");
        if (!Utf8.IsValid(json))
            throw Invalid("it is not UTF-8");
        var reader = new Utf8JsonReader(json);
        try
        {
            reader.Read();
            while (NextName(ref reader) is { } name)
            {
                if (string.Equals(name, MetadataName, StringComparison.Ordinal))
                    ReadMetadata(ref reader);
                else if (!Entries.TryAdd(name, ReadEntry(ref reader, name)))
                    throw Duplicate($"the tensor '{name}'");
            }

            if (reader.Read())
                throw Invalid("there is more after its closing brace");
        }
        catch (JsonException failure)
        {
            throw Invalid($"it is not JSON ({failure.Message})", failure);
        }
        catch (InvalidOperationException failure)
        {
            // What the reader throws for an escape that is half a surrogate pair.
            throw Invalid($"it holds text that is not Unicode ({failure.Message})", failure);
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (metadataSeen)
            throw Duplicate(MetadataName);
        metadataSeen = true;
        if (reader.TokenType == JsonTokenType.Null)
            return; // The format's own reader takes null for none.
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Invalid($"{MetadataName} is not an object");
        while (NextName(ref reader) is { } key)
        {
            if (reader.TokenType != JsonTokenType.String)
                throw Invalid($"the value of '{key}' in {MetadataName} is not text");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Duplicate($"'{key}' in {MetadataName}");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Invalid($"the entry of tensor '{name}' is not an object");
        string? code = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (NextName(ref reader) is { } field)
        {
            switch (field)
            {
                case "dtype":
                    if (code is not null)
                        throw Duplicate($"dtype of tensor '{name}'");
                    code = reader.TokenType == JsonTokenType.String
                        ? reader.GetString()!
                        : throw Invalid($"dtype of tensor '{name}' is not text");
                    break;
                case "shape":
                    if (shape is not null)
                        throw Duplicate($"shape of tensor '{name}'");
                    shape = ReadNumbers(ref reader, name, field, MaxDimensions);
                    break;
                case "data_offsets":
                    if (offsets is not null)
                        throw Duplicate($"data_offsets of tensor '{name}'");
                    offsets = ReadNumbers(ref reader, name, field, 2);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (code is null || shape is null || offsets is null)
            throw Invalid($"the entry of tensor '{name}' lacks {(code is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        if (offsets.Count != 2)
            throw Invalid($"data_offsets of tensor '{name}' are not two numbers");
        var type = SafetensorsDTypes.Parse(code);
        if (type == SafetensorsDType.None)
            throw new ModelFormatException(file, $"tensor '{name}' is of the unknown dtype '{code}'. The known ones are BOOL, U8 to U64, I8 to I64, F16, BF16, F32, F64, C64 and the F4, F6 and F8 types.");
        return new SafetensorsEntry(name, type, shape, offsets[0], offsets[1]);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field, int limit)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Invalid($"{field} of tensor '{name}' is not an array");
        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out var number))
                throw Invalid($"{field} of tensor '{name}' holds something that is not a whole number from 0 to 2^64 - 1");
            if (number > long.MaxValue)
                throw new ModelFormatException(file, $"tensor '{name}': a number in {field} overflows 63 bits. The file is damaged or forged.");
            if (numbers.Count == limit)
            {
                throw field == "shape"
                    ? new ModelFormatException(file, $"tensor '{name}' has too many dimensions: the engine takes at most {Text(limit)}.")
                    : Invalid($"data_offsets of tensor '{name}' are not two numbers");
            }

            numbers.Add((long)number);
        }

        return numbers;
    }

    // Moves to the next property's value; null at the object's end.
    private static string? NextName(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
            return null;
        var name = reader.GetString()!;
        reader.Read();
        return name;
    }

    // In the order of the data: each tensor begins where the one before ended, and has the bytes that its type and shape need.
    private void CheckLayout(long dataLength)
    {
        var position = 0L;
        foreach (var entry in Entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != position || entry.End < entry.Begin)
            {
                throw new ModelFormatException(file,
                    $"tensor '{entry.Name}' has invalid offsets {Text(entry.Begin)} to {Text(entry.End)}: {Text(position)} is where it must begin, so that tensors neither overlap nor leave a hole. The file is damaged or forged.");
            }

            var needed = BytesNeeded(entry);
            if (entry.ByteCount != needed)
            {
                throw new ModelFormatException(file,
                    $"tensor '{entry.Name}' has {Text(entry.ByteCount)} bytes, but {entry.DType.Code()} {entry.ShapeText} needs {Text(needed)}: its size does not fit its type and shape. The file is damaged or forged.");
            }

            position = entry.End;
        }

        if (position != dataLength)
        {
            throw new ModelFormatException(file,
                $"the tensors cover {Text(position)} bytes of data, but the file holds {Text(dataLength)}: it is incomplete or has bytes that belong to no tensor. Fetch the file again.");
        }
    }

    private long BytesNeeded(SafetensorsEntry entry)
    {
        try
        {
            var bits = (long)entry.DType.Bits();
            checked
            {
                // Strides must fit too, which a dimension of 0 does not shorten.
                foreach (var dimension in entry.Shape)
                    bits *= Math.Max(dimension, 1);
            }

            if (entry.Shape.Contains(0))
                return 0;
            return bits % 8 == 0
                ? bits / 8
                : throw new ModelFormatException(file, $"tensor '{entry.Name}' is misaligned: {entry.DType.Code()} {entry.ShapeText} does not fill whole bytes. The file is damaged or forged.");
        }
        catch (OverflowException failure)
        {
            throw new ModelFormatException(file, $"tensor '{entry.Name}': the size of {entry.DType.Code()} {entry.ShapeText} overflows 63 bits. The file is damaged or forged.", failure);
        }
    }

    private ModelFormatException Invalid(string what, Exception? behind = null) =>
        new(file, $"the safetensors header is invalid: {what}. Fetch or write the file again.", behind);

    private ModelFormatException Duplicate(string what) =>
        new(file, $"the safetensors header has a duplicate: {what} is given twice. Write the file again with each name once.");

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
