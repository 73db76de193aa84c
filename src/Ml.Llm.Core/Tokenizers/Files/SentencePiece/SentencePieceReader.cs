using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Reads SentencePiece's model files, which are protocol buffers of the message ModelProto.</summary>
/// <remarks>
/// ModelProto: 1 pieces (1 text, 2 score, 3 type), 2 trainer_spec (3 kind of model, 24 treat_whitespace_as_suffix, 35
/// byte_fallback, 40 unk_id), 3 normalizer_spec (2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces, 5
/// escape_whitespaces), 5 denormalizer_spec. The other fields do not change how text is encoded.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SentencePieceReader
{
    private const int Unigram = 1;
    private const int BytePair = 2;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a model.</summary>
    /// <param name="data">The bytes of the file.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <exception cref="ModelFormatException">The file is broken, or asks for what is not known.</exception>
    public static SentencePieceFile Read(ReadOnlySpan<byte> data, string file)
    {
        try
        {
            return ReadModel(data, file);
        }
        catch (FormatException problem)
        {
            throw new ModelFormatException(file, $"not readable as a SentencePiece model: {problem.Message}", problem);
        }
    }

    private static SentencePieceFile ReadModel(ReadOnlySpan<byte> data, string file)
    {
        var pieces = new List<SentencePiece>();
        var places = new Dictionary<string, int>();
        var model = new SentencePieceFile { Pieces = pieces };
        var fields = new ProtobufReader(data);
        while (fields.Next(out var field))
        {
            switch (field)
            {
                case 1:
                    var piece = ReadPiece(fields.ReadBytes(), pieces.Count);
                    if (pieces.Count > TokenizerJsonReader.LargestId) throw new FormatException($"it has more than {TokenizerJsonReader.LargestId} pieces");
                    if (!places.TryAdd(piece.Text, pieces.Count))
                        throw new FormatException(Invariant($"the piece \"{piece.Text}\" is there twice, at {places[piece.Text]} and {pieces.Count}"));
                    pieces.Add(piece);
                    break;
                case 2:
                    model = ReadTrainer(fields.ReadBytes(), model, file);
                    break;
                case 3:
                    model = ReadNormalizer(fields.ReadBytes(), model);
                    break;
                case 5:
                    if (HasCharacterMap(fields.ReadBytes())) throw new ModelFormatException(file, "a table of replacements for decoding (denormalizer_spec) is not supported");
                    break;
                default:
                    fields.Skip();
                    break;
            }
        }

        if (pieces.Count == 0) throw new FormatException("it has no pieces; the vocabulary is empty");
        return (uint)model.UnknownId < (uint)pieces.Count
            ? model
            : throw new FormatException(Invariant($"the unknown id {model.UnknownId} is that of none of the {pieces.Count} pieces"));
    }

    private static SentencePiece ReadPiece(ReadOnlySpan<byte> data, int id)
    {
        var (text, score, type) = ("", 0f, 1L);
        var fields = new ProtobufReader(data);
        while (fields.Next(out var field))
        {
            switch (field)
            {
                case 1: text = Text(fields.ReadBytes(), id); break;
                case 2: score = fields.ReadFloat(); break;
                case 3: type = fields.ReadInteger(); break;
                default: fields.Skip(); break;
            }
        }

        if (text.Length == 0) throw new FormatException(Invariant($"the piece {id} is empty"));
        if (!float.IsFinite(score)) throw new FormatException(Invariant($"the score of the piece {id} (\"{text}\") is not finite"));
        return type is >= 1 and <= 6
            ? new SentencePiece(text, score, (SentencePieceType)type)
            : throw new FormatException(Invariant($"the piece {id} (\"{text}\") is of the type {type}, which is not known"));
    }

    private static SentencePieceFile ReadTrainer(ReadOnlySpan<byte> data, SentencePieceFile model, string file)
    {
        var fields = new ProtobufReader(data);
        while (fields.Next(out var field))
        {
            switch (field)
            {
                case 3:
                    var kind = fields.ReadInteger();
                    if (kind is not (Unigram or BytePair))
                        throw new ModelFormatException(file, Invariant($"the model is of the kind {kind}; unigram (1) and bpe (2) are supported, word (3) and char (4) are not"));
                    model = model with { IsBytePair = kind == BytePair };
                    break;
                case 24: model = model with { TreatsWhiteSpaceAsSuffix = fields.ReadInteger() != 0 }; break;
                case 35: model = model with { FallsBackToBytes = fields.ReadInteger() != 0 }; break;
                case 40: model = model with { UnknownId = unchecked((int)fields.ReadInteger()) }; break;
                default: fields.Skip(); break;
            }
        }

        return model;
    }

    private static SentencePieceFile ReadNormalizer(ReadOnlySpan<byte> data, SentencePieceFile model)
    {
        var fields = new ProtobufReader(data);
        while (fields.Next(out var field))
        {
            switch (field)
            {
                case 2: model = model with { CharacterMap = fields.ReadBytes().ToArray() }; break;
                case 3: model = model with { AddsDummyPrefix = fields.ReadInteger() != 0 }; break;
                case 4: model = model with { RemovesExtraWhiteSpace = fields.ReadInteger() != 0 }; break;
                case 5: model = model with { EscapesWhiteSpace = fields.ReadInteger() != 0 }; break;
                default: fields.Skip(); break;
            }
        }

        return model;
    }

    private static bool HasCharacterMap(ReadOnlySpan<byte> data)
    {
        var found = false;
        var fields = new ProtobufReader(data);
        while (fields.Next(out var field))
        {
            if (field == 2) found |= !fields.ReadBytes().IsEmpty;
            else fields.Skip();
        }

        return found;
    }

    private static string Text(ReadOnlySpan<byte> utf8, int id)
    {
        try
        {
            return s_strict.GetString(utf8);
        }
        catch (DecoderFallbackException problem)
        {
            throw new FormatException(Invariant($"the piece {id} is not valid Unicode"), problem);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
