using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>The options of BertNormalizer, as tokenizer.json has them.</summary>
/// <param name="CleanText">Leave controls out, turn white space into spaces.</param>
/// <param name="HandleChineseCharacters">Put spaces around ideographs.</param>
/// <param name="StripAccents">Decompose and leave marks without width out; null: as <paramref name="Lowercase"/> says.</param>
/// <param name="Lowercase">Turn each character into its lower case.</param>
internal sealed record BertNormalizerOptions(bool CleanText, bool HandleChineseCharacters, bool? StripAccents, bool Lowercase);

/// <summary>What BERT does to a text before it is split.</summary>
/// <remarks>
/// The steps are defined one after the other, each over the whole text. They are done here in one pass by characters, which is
/// the same as long as no two marks change their order; where they might, the steps are taken one by one.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BertNormalizer : INormalizer
{
    private const int AsciiSize = 0x80;

    private static readonly UnicodeNormalizer s_decompose = new(NormalForm.Nfd);
    private static readonly LowercaseNormalizer s_lower = new();

    private readonly BertNormalizerOptions _options;
    private readonly bool _stripsAccents;
    private readonly char[] _ascii;
    private readonly SearchValues<char> _leftOut;

    public BertNormalizer(BertNormalizerOptions options)
    {
        _options = options;
        _stripsAccents = options.StripAccents ?? options.Lowercase;
        _ascii = MakeAsciiTable(options);
        _leftOut = SearchValues.Create([.. Enumerable.Range(0, AsciiSize).Where(unit => _ascii[unit] == AlignedText.LeftOut).Select(unit => (char)unit)]);
    }

    public void Normalize(AlignedText text)
    {
        if (!TryInPlace(text) && !TryInOnePass(text)) NormalizeStepByStep(text);
    }

    /// <summary>The same, step by step: slower, and right for any text.</summary>
    public void NormalizeStepByStep(AlignedText text)
    {
        if (_options.CleanText)
        {
            CharacterFilter.LeaveOut(text, CharacterFlags.Control);
            var flags = CharacterTable.BasicPlane;
            foreach (ref var unit in text.ReplaceableUnits)
            {
                if ((flags[unit] & (byte)CharacterFlags.Space) != 0) unit = ' ';
            }
        }

        if (_options.HandleChineseCharacters) SetIdeographsApart(text);
        if (_stripsAccents)
        {
            s_decompose.Normalize(text);
            CharacterFilter.LeaveOut(text, CharacterFlags.NonSpacingMark);
        }

        if (_options.Lowercase) s_lower.Normalize(text);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "BertNormalizer");
        output.Truth("clean_text", _options.CleanText);
        output.Truth("handle_chinese_chars", _options.HandleChineseCharacters);
        if (_options.StripAccents is { } strips) output.Truth("strip_accents", strips);
        else output.Null("strip_accents");
        output.Truth("lowercase", _options.Lowercase);
        output.EndObject();
    }

    private static char[] MakeAsciiTable(BertNormalizerOptions options)
    {
        var table = new char[AsciiSize];
        for (var unit = 0; unit < AsciiSize; unit++)
        {
            table[unit] = (char)unit;
            if (options.Lowercase && unit is >= 'A' and <= 'Z') table[unit] = (char)(unit | 0x20);
            if (!options.CleanText) continue;
            var flags = CharacterTable.Of(unit);
            if (flags.HasAny(CharacterFlags.Control)) table[unit] = AlignedText.LeftOut;
            else if (flags.HasAny(CharacterFlags.Space)) table[unit] = ' ';
        }

        return table;
    }

    /// <summary>All ASCII and nothing left out: each unit is replaced where it stands, so that nothing moves.</summary>
    private bool TryInPlace(AlignedText text)
    {
        var units = text.ReplaceableUnits;
        if (!Ascii.IsValid(units) || units.ContainsAny(_leftOut)) return false;
        ReadOnlySpan<char> ascii = _ascii;
        foreach (ref var unit in units) unit = ascii[unit];
        return true;
    }

    private bool TryInOnePass(AlignedText text)
    {
        var units = text.Units;
        text.BeginRewrite();
        for (var position = 0; position < units.Length;)
        {
            if (units[position] < AsciiSize)
            {
                var run = units[position..].IndexOfAnyExceptInRange('\0', (char)(AsciiSize - 1));
                var end = run < 0 ? units.Length : position + run;
                text.MapAscii(position, end, _ascii);
                position = end;
                continue;
            }

            var flags = CharacterTable.At(units, position, out var length);
            if (!TryPut(text, position, flags)) return false;
            position += length;
        }

        text.EndRewrite();
        return true;
    }

    private bool TryPut(AlignedText text, int position, CharacterFlags flags)
    {
        var codePoint = text.CodePointAt(position);
        if (_options.CleanText)
        {
            if (flags.HasAny(CharacterFlags.Control)) return true;
            if (flags.HasAny(CharacterFlags.Space)) (codePoint, flags) = (' ', CharacterFlags.None);
        }

        var isApart = _options.HandleChineseCharacters && flags.HasAny(CharacterFlags.Ideograph);
        if (isApart) text.Put(' ', position);
        if (!_stripsAccents) PutInCase(text, codePoint, position);
        else if (!TryPutWithoutAccents(text, codePoint, position, flags)) return false;
        if (isApart) text.Put(' ', position);
        return true;
    }

    private bool TryPutWithoutAccents(AlignedText text, int codePoint, int position, CharacterFlags flags)
    {
        if (UnicodeTables.IsStable(NormalizationForm.FormD, codePoint)) return TryPutPart(text, codePoint, position, flags);
        Span<int> parts = stackalloc int[UnicodeTables.LongestDecomposition];
        var count = UnicodeTables.Decompose(codePoint, compatibility: false, parts);
        foreach (var part in parts[..count])
        {
            if (!TryPutPart(text, part, position, CharacterTable.Of(part))) return false;
        }

        return true;
    }

    private bool TryPutPart(AlignedText text, int codePoint, int position, CharacterFlags flags)
    {
        if (flags.HasAny(CharacterFlags.NonSpacingMark)) return true;
        if (flags.HasAny(CharacterFlags.Mark) && UnicodeTables.CombiningClassOf(codePoint) != 0) return false;
        PutInCase(text, codePoint, position);
        return true;
    }

    private void PutInCase(AlignedText text, int codePoint, int position)
    {
        if (!_options.Lowercase)
        {
            text.Put(codePoint, position);
            return;
        }

        text.Put(UnicodeTables.LowerOf(codePoint, out var second), position);
        if (second > 0) text.Put(second, position);
    }

    private static void SetIdeographsApart(AlignedText text)
    {
        var units = text.Units;
        text.BeginRewrite();
        for (var position = 0; position < units.Length;)
        {
            var isApart = CharacterTable.At(units, position, out var length).HasAny(CharacterFlags.Ideograph);
            if (isApart) text.Put(' ', position);
            text.Keep(position, position + length);
            if (isApart) text.Put(' ', position);
            position += length;
        }

        text.EndRewrite();
    }
}
