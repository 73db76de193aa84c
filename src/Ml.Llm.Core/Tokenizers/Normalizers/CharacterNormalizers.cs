using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Turns each character alone into its lower case: Unicode's full mapping, of no language.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class LowercaseNormalizer : INormalizer
{
    public void Normalize(AlignedText text)
    {
        var units = text.Units;
        if (Ascii.IsValid(units))
        {
            Ascii.ToLowerInPlace(text.ReplaceableUnits, out _);
            return;
        }

        text.BeginRewrite();
        for (var position = 0; position < units.Length;)
        {
            var unit = units[position];
            if (unit < 0x80)
            {
                text.Put(unit is >= 'A' and <= 'Z' ? (char)(unit | 0x20) : unit, position++);
                continue;
            }

            text.Put(UnicodeTables.LowerOf(text.CodePointAt(position), out var second), position);
            if (second > 0) text.Put(second, position);
            position += text.LengthAt(position);
        }

        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Lowercase");
        output.EndObject();
    }
}

/// <summary>Takes white space off the ends.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        var units = text.Units;
        var end = right ? units.TrimEnd().Length : units.Length;
        var start = left ? units.Length - units.TrimStart().Length : 0;
        if (start == 0 && end == units.Length) return;
        text.BeginRewrite();
        text.Keep(start, Math.Max(start, end));
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Strip");
        output.Truth("strip_left", left);
        output.Truth("strip_right", right);
        output.EndObject();
    }
}

/// <summary>Leaves marks out; a character with its accent in it keeps that, unless NFD has gone before.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class StripAccentsNormalizer : INormalizer
{
    public void Normalize(AlignedText text) => CharacterFilter.LeaveOut(text, CharacterFlags.Mark);

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "StripAccents");
        output.EndObject();
    }
}

/// <summary>Leaves some controls out and turns other white space and invisible characters into spaces.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class NmtNormalizer : INormalizer
{
    private static readonly char[] s_map = MakeMap();

    public void Normalize(AlignedText text)
    {
        // One unit for one, in its place, up to the first that is left out.
        var units = text.ReplaceableUnits;
        var kept = 0;
        for (; kept < units.Length && !IsLeftOut(units[kept]); kept++) units[kept] = s_map[units[kept]];
        if (kept == units.Length) return;

        text.BeginRewrite();
        text.Keep(0, kept);
        for (var position = kept; position < text.Length; position++)
        {
            if (!IsLeftOut(text.Units[position])) text.Put(s_map[text.Units[position]], position);
        }

        text.EndRewrite();
    }

    private static bool IsLeftOut(char unit) => s_map[unit] == AlignedText.LeftOut && unit != AlignedText.LeftOut;

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Nmt");
        output.EndObject();
    }

    // By unit: all that it touches lies below U+10000.
    private static char[] MakeMap()
    {
        var map = new char[char.MaxValue + 1];
        for (var unit = 0; unit < map.Length; unit++)
        {
            map[unit] = unit switch
            {
                (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F => AlignedText.LeftOut,
                '\t' or '\n' or '\f' or '\r' or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD => ' ',
                _ => (char)unit,
            };
        }

        return map;
    }
}

/// <summary>Leaves characters out by their flags.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CharacterFilter
{
    /// <summary>Leaves out the characters that have one of the flags.</summary>
    public static void LeaveOut(AlignedText text, CharacterFlags flags)
    {
        var units = text.Units;
        var kept = 0;
        var rewrites = false;
        for (var position = 0; position < units.Length;)
        {
            var leavesOut = CharacterTable.At(units, position, out var length).HasAny(flags);
            if (leavesOut)
            {
                if (!rewrites) text.BeginRewrite();
                rewrites = true;
                text.Keep(kept, position);
                kept = position + length;
            }

            position += length;
        }

        if (!rewrites) return;
        text.Keep(kept, units.Length);
        text.EndRewrite();
    }
}
