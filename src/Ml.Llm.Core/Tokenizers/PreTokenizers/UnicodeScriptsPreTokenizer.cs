namespace Ml.Llm.Tokenization;

/// <summary>
/// Splits where the script changes. Scripts are those of Unicode 9.0; kana count as Han; spaces and what has no script belong
/// to what is before them.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class UnicodeScriptsPreTokenizer : IPreTokenizer
{
    private const int ProlongedSoundMark = 0x30FC;

    public void Split(AlignedText text, PieceList pieces)
    {
        foreach (var (start, end) in pieces.TakeAll())
        {
            // What comes before the first character with a script is in no piece, as with Hugging Face.
            var begin = end;
            var last = UnicodeScript.Unknown;
            for (var position = start; position < end; position += text.LengthAt(position))
            {
                var script = ScriptOf(text.CodePointAt(position));
                if (script == UnicodeScript.Unknown || script == last) continue;
                if (last != UnicodeScript.Unknown) pieces.Add(begin, position);
                (begin, last) = (position, script);
            }

            pieces.Add(begin, end);
        }
    }

    public void WriteTo(JsonOutput output) => CharacterSplit.WriteType(output, "UnicodeScripts");

    private static UnicodeScript ScriptOf(int codePoint)
    {
        switch (codePoint)
        {
            case ' ':
                return UnicodeScript.Unknown;
            case ProlongedSoundMark:
                return UnicodeScript.Han;

            // The scripts of these have changed since.
            case 0x0589 or 0x061C:
                return UnicodeScript.Common;
            case 0x0953 or 0x0954:
                return UnicodeScript.Devanagari;
        }

        if (!UnicodeTables.WasInVersion9(codePoint)) return UnicodeScript.Unknown;
        var script = UnicodeTables.ScriptOf(codePoint);
        return script is UnicodeScript.Hiragana or UnicodeScript.Katakana ? UnicodeScript.Han : script;
    }
}
