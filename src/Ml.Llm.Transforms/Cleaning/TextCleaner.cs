using System.Globalization;
using System.Text;

namespace Ml.Llm.Cleaning;

/// <summary>
/// Cleans a text in one pass:
/// 1) every kind of line break (CR LF, CR, NEL, LS, PS) becomes LF;
/// 2) control characters, byte order marks and unpaired surrogates go, tabs stay white space;
/// 3) runs of white space shrink as the options say;
/// 4) white space at both ends goes.
/// </summary>
/// <param name="options">What shrinks.</param>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class TextCleaner(CleanTextOptions options)
{
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>The cleaned text; a text that is clean already comes back as it is.</summary>
    public string Clean(ReadOnlySpan<char> text)
    {
        var cleaned = new StringBuilder(text.Length);
        var lineBreaks = 0; // white space seen and not yet written
        var spaces = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (IsLineBreak(c))
            {
                if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                    i++;
                lineBreaks++;
                spaces.Clear();
            }
            else if (c == '\t' || char.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator)
            {
                spaces.Append(c);
            }
            else if (char.IsSurrogate(c))
            {
                if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                    continue;
                WriteSpace(cleaned, spaces, ref lineBreaks);
                cleaned.Append(c).Append(text[++i]);
            }
            else if (!char.IsControl(c) && c != ByteOrderMark)
            {
                WriteSpace(cleaned, spaces, ref lineBreaks);
                cleaned.Append(c);
            }
        }

        var result = cleaned.ToString();
        return options.NormalizeUnicode ? result.Normalize(NormalizationForm.FormC) : result;
    }

    private static bool IsLineBreak(char c) => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029';

    private void WriteSpace(StringBuilder cleaned, StringBuilder spaces, ref int lineBreaks)
    {
        if (cleaned.Length > 0 && lineBreaks > 0)
        {
            if (options.MaximumLineBreaks == 0)
                cleaned.Append(' ');
            else
                cleaned.Append('\n', Math.Min(lineBreaks, options.MaximumLineBreaks));
        }

        // Spaces that begin a line are indentation; at the very beginning, or where lines are joined, they are nothing.
        var startsLine = lineBreaks > 0;
        if (cleaned.Length > 0 && spaces.Length > 0 && !(startsLine && (options.CollapseSpaces || options.MaximumLineBreaks == 0)))
            cleaned.Append(options.CollapseSpaces ? " " : spaces.ToString());
        lineBreaks = 0;
        spaces.Clear();
    }
}
