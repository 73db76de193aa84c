namespace Ml.Llm.Tokenization;

/// <summary>One of Unicode's normal forms: NFC, NFD, NFKC, NFKD.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class UnicodeNormalizer(NormalForm form) : INormalizer
{
    public void Normalize(AlignedText text)
    {
        var units = text.Units;
        var at = form.NextChanging(units, 0);
        if (at == units.Length) return;

        var characters = NormalizedCharacters.Rent();
        text.BeginRewrite();
        var kept = 0;
        while (at < units.Length)
        {
            // A stretch that changes begins with the character before it, which marks may join, and ends before one that stands alone.
            var start = at;
            if (form.Composes && at > kept) start -= at - kept >= 2 && char.IsLowSurrogate(units[at - 1]) ? 2 : 1;
            var end = form.NextStable(units, at);
            text.Keep(kept, start);
            characters.Normalize(text, start, end, form);
            kept = end;
            at = form.NextChanging(units, end);
        }

        text.Keep(kept, units.Length);
        text.EndRewrite();
        characters.Return();
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", form.Name);
        output.EndObject();
    }
}
