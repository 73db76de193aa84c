using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The characters of a word as code points: its own, or the byte alphabet's for its UTF-8 bytes. A lone surrogate counts as
/// U+FFFD.
/// </summary>
/// <param name="asBytes">Whether a word stands for its UTF-8 bytes.</param>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class WordCharacters(bool asBytes)
{
    private int[] _characters = new int[64];
    private byte[] _bytes = new byte[64];

    /// <summary>The characters of a word; good until the next word.</summary>
    public ReadOnlySpan<int> Of(ReadOnlySpan<char> word) => asBytes ? Bytes(word) : CodePoints(word);

    private Span<int> CodePoints(ReadOnlySpan<char> word)
    {
        if (_characters.Length < word.Length) _characters = new int[2 * word.Length];
        var count = 0;
        foreach (var rune in word.EnumerateRunes()) _characters[count++] = rune.Value;
        return _characters.AsSpan(0, count);
    }

    private Span<int> Bytes(ReadOnlySpan<char> word)
    {
        var most = checked(3 * word.Length);
        if (_bytes.Length < most) (_bytes, _characters) = (new byte[most], new int[most]);
        var count = Encoding.UTF8.GetBytes(word, _bytes);
        for (var i = 0; i < count; i++) _characters[i] = ByteAlphabet.Characters[_bytes[i]];
        return _characters.AsSpan(0, count);
    }
}
