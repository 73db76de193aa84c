using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// What a normal form is, and where a text is in it already: characters that are stable in a form are left alone, whatever
/// stands around them, but for marks behind them.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class NormalForm
{
    private readonly NormalizationForm _form;
    private readonly char _firstChanging;
    private readonly Lazy<bool[]> _isStable;

    private NormalForm(string name, NormalizationForm form, char firstChanging)
    {
        (Name, _form, _firstChanging) = (name, form, firstChanging);
        _isStable = new Lazy<bool[]>(() =>
        {
            var table = new bool[char.MaxValue + 1];
            for (var unit = 0; unit < table.Length; unit++) table[unit] = UnicodeTables.IsStable(form, unit);
            return table;
        });
    }

    public static NormalForm Nfc { get; } = new("NFC", NormalizationForm.FormC, '\u0300');

    public static NormalForm Nfd { get; } = new("NFD", NormalizationForm.FormD, '\u00C0');

    public static NormalForm Nfkc { get; } = new("NFKC", NormalizationForm.FormKC, '\u00A0');

    public static NormalForm Nfkd { get; } = new("NFKD", NormalizationForm.FormKD, '\u00A0');

    /// <summary>Its name in tokenizer.json.</summary>
    public string Name { get; }

    /// <summary>Whether characters are composed again.</summary>
    public bool Composes => _form is NormalizationForm.FormC or NormalizationForm.FormKC;

    /// <summary>Whether compatibility decompositions are used.</summary>
    public bool IsCompatibility => _form is NormalizationForm.FormKC or NormalizationForm.FormKD;

    /// <summary>The position at or after another where the next character is that is not stable; the length if there is none.</summary>
    public int NextChanging(ReadOnlySpan<char> units, int from)
    {
        var stable = _isStable.Value;
        while (from < units.Length)
        {
            if (units[from] < _firstChanging)
            {
                var run = units[from..].IndexOfAnyExceptInRange('\0', (char)(_firstChanging - 1));
                if (run < 0) return units.Length;
                from += run;
            }

            if (!IsStable(stable, units, from, out var length)) return from;
            from += length;
        }

        return from;
    }

    /// <summary>The position at or after another where the next stable character is; the length if there is none.</summary>
    public int NextStable(ReadOnlySpan<char> units, int from)
    {
        var stable = _isStable.Value;
        while (from < units.Length && !IsStable(stable, units, from, out var length)) from += length;
        return from;
    }

    private bool IsStable(bool[] stable, ReadOnlySpan<char> units, int position, out int length)
    {
        var unit = units[position];
        length = 1;
        if (!char.IsHighSurrogate(unit)) return stable[unit];
        length = 2;
        return UnicodeTables.IsStable(_form, char.ConvertToUtf32(unit, units[position + 1]));
    }
}
