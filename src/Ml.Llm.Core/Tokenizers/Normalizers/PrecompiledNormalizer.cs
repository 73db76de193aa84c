using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Replaces characters by SentencePiece's table, in Hugging Face's way: a grapheme cluster of fewer than 6 UTF-8 bytes is
/// looked up as a whole and replaced by the value of the shortest key that it begins with; else each character is looked
/// up alone.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class PrecompiledNormalizer : INormalizer
{
    private const int LongestCluster = 5;
    private const int AsciiSize = 0x80;

    private readonly string _base64;
    private readonly CharacterMap _map;
    private readonly SearchValues<char> _plain;

    /// <summary>Makes the normalizer.</summary>
    /// <param name="base64">The table in base64, as tokenizer.json has it.</param>
    /// <exception cref="FormatException">It is no base64, or the table is broken.</exception>
    public PrecompiledNormalizer(string base64)
    {
        _base64 = base64;
        _map = new CharacterMap(Convert.FromBase64String(base64));

        // A carriage return is one cluster with a line feed behind it, so it is never plain.
        _plain = SearchValues.Create(Enumerable.Range(0, AsciiSize).Select(static unit => (char)unit)
            .Where(unit => unit != '\r' && !_map.TryFindShortest([(byte)unit], out _)).ToArray());
    }

    public void Normalize(AlignedText text)
    {
        var units = text.Units;
        var plain = PlainFrom(units, 0);
        if (plain == units.Length) return;
        text.BeginRewrite();
        var changes = new Changes(text);
        for (var position = 0; position < units.Length;)
        {
            if (plain > position)
            {
                changes.Keep(position, plain);
                position = plain;
                continue;
            }

            var end = position + UnicodeTables.GraphemeEnd(units[position..], 0);
            Replace(units[position..end], ref changes);
            position = end;
            plain = PlainFrom(units, position);
        }

        changes.End();
        text.EndRewrite();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Precompiled");
        output.Text("precompiled_charsmap", _base64);
        output.EndObject();
    }

    // The end of the ASCII characters from a position on that stand alone and have no replacement.
    private int PlainFrom(ReadOnlySpan<char> units, int from)
    {
        var run = units[from..].IndexOfAnyExcept(_plain);
        if (run < 0) return units.Length;

        // What is not ASCII may be a mark that belongs to the character before it.
        return from + (run > 0 && units[from + run] >= AsciiSize ? run - 1 : run);
    }

    private void Replace(scoped ReadOnlySpan<char> cluster, ref Changes changes)
    {
        Span<byte> utf8 = stackalloc byte[3 * LongestCluster];
        if (cluster.Length <= LongestCluster)
        {
            var size = Encoding.UTF8.GetBytes(cluster, utf8);
            if (size <= LongestCluster && _map.TryFindShortest(utf8[..size], out var whole))
            {
                changes.Replace(CharactersOf(cluster), whole);
                return;
            }
        }

        while (!cluster.IsEmpty)
        {
            Rune.DecodeFromUtf16(cluster, out var rune, out var length);
            if (_map.TryFindShortest(utf8[..rune.EncodeToUtf8(utf8)], out var alone)) changes.Replace(1, alone);
            else changes.Write(rune.Value, 0);
            cluster = cluster[length..];
        }
    }

    private static int CharactersOf(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        foreach (var unit in text) count -= char.IsLowSurrogate(unit) ? 1 : 0;
        return count;
    }

    /// <summary>
    /// The account of changes: a replacement that is shorter counts what vanished as removed behind the last character
    /// written, so that one is held back. What vanishes before any character is written goes uncounted, as with Hugging Face.
    /// </summary>
    private ref struct Changes(AlignedText text)
    {
        private readonly AlignedText _text = text;
        private ChangeWriter _writer = new(text, 0);
        private int _last = -1;
        private int _lastChange;

        public void Write(int codePoint, int change)
        {
            if (_last >= 0) _writer.Write(_last, _lastChange);
            (_last, _lastChange) = (codePoint, change);
        }

        public void Replace(int count, scoped ReadOnlySpan<char> replacement)
        {
            var written = CharactersOf(replacement);
            for (var i = 0; i < written; i++)
            {
                Rune.DecodeFromUtf16(replacement, out var rune, out var length);
                Write(rune.Value, i < count ? 0 : 1);
                replacement = replacement[length..];
            }

            if (written < count && _last >= 0) _lastChange += written - count;
        }

        public void Keep(int from, int to)
        {
            if (_last >= 0) _writer.Write(_last, _lastChange);
            _writer.Keep(from, to - 1);
            (_last, _lastChange) = (_text.Units[to - 1], 0);
        }

        public void End()
        {
            if (_last >= 0) _writer.Write(_last, _lastChange);
            _last = -1;
        }
    }
}
