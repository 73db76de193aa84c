namespace Ml.Llm.Tokenization;

/// <summary>Characters on their way into a normal form: decomposed, marks put in canonical order, composed again.</summary>
/// <remarks>Everything is linear in the number of characters, however many marks follow one another.</remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class NormalizedCharacters
{
    private const int KeptCapacity = 1 << 16;
    private const int Classes = 256;
    private const int FewMarks = 24;
    private const int None = -1;

    [ThreadStatic] private static NormalizedCharacters? t_spare;

    private Character[] _characters = new Character[64];
    private Character[] _sorted = [];
    private int _count;

    private readonly record struct Character(int CodePoint, int Class, int Change);

    /// <summary>This thread's spare one, or a new one.</summary>
    public static NormalizedCharacters Rent()
    {
        var characters = t_spare ?? new NormalizedCharacters();
        t_spare = null;
        return characters;
    }

    /// <summary>Gives it back.</summary>
    public void Return()
    {
        if (_characters.Length <= KeptCapacity) t_spare = this;
    }

    /// <summary>Writes the normal form of a stretch of a text that is being rewritten.</summary>
    public void Normalize(AlignedText text, int start, int end, NormalForm form)
    {
        Decompose(text, start, end, form);
        var writer = new ChangeWriter(text, start);
        if (form.Composes)
        {
            Compose(ref writer);
            return;
        }

        foreach (var character in _characters.AsSpan(0, _count)) writer.Write(character.CodePoint, character.Change);
    }

    private void Decompose(AlignedText text, int start, int end, NormalForm form)
    {
        _count = 0;
        var marks = 0;    // where the marks begin that are not in order yet
        Span<int> parts = stackalloc int[UnicodeTables.LongestDecomposition];
        for (var position = start; position < end; position += text.LengthAt(position))
        {
            var count = UnicodeTables.Decompose(text.CodePointAt(position), form.IsCompatibility, parts);
            for (var i = 0; i < count; i++) Add(parts[i], i == 0 ? 0 : 1, ref marks);
        }

        Order(marks);
    }

    private void Add(int codePoint, int change, ref int marks)
    {
        var combiningClass = UnicodeTables.CombiningClassOf(codePoint);
        if (combiningClass == 0)
        {
            Order(marks);
            marks = _count + 1;
        }

        if (_count == _characters.Length) Array.Resize(ref _characters, checked(_count * 2));
        _characters[_count++] = new Character(codePoint, combiningClass, change);
    }

    // Sorts the marks from a position on by their class; those of the same class keep their order.
    private void Order(int from)
    {
        if (_count - from < 2) return;
        var marks = _characters.AsSpan(from, _count - from);
        if (marks.Length > FewMarks)
        {
            OrderMany(marks);
            return;
        }

        for (var i = 1; i < marks.Length; i++)
        {
            var mark = marks[i];
            var to = i;
            for (; to > 0 && marks[to - 1].Class > mark.Class; to--) marks[to] = marks[to - 1];
            marks[to] = mark;
        }
    }

    private void OrderMany(Span<Character> marks)
    {
        Span<int> places = stackalloc int[Classes + 1];
        places.Clear();
        foreach (var mark in marks) places[mark.Class + 1]++;
        for (var i = 1; i <= Classes; i++) places[i] += places[i - 1];
        if (_sorted.Length < marks.Length) _sorted = new Character[_characters.Length];
        foreach (var mark in marks) _sorted[places[mark.Class]++] = mark;
        _sorted.AsSpan(0, marks.Length).CopyTo(marks);
    }

    private void Compose(ref ChangeWriter writer)
    {
        // The starter that later characters may join, and the marks behind it that did not; these fill the array again from
        // its beginning, where everything has been read already.
        var starter = default(Character);
        var hasStarter = false;
        var waiting = 0;
        var lastClass = None;
        for (var i = 0; i < _count; i++)
        {
            var character = _characters[i];
            if (!hasStarter)
            {
                hasStarter = character.Class == 0;
                if (hasStarter) starter = character;
                else writer.Write(character.CodePoint, character.Change);
                continue;
            }

            var composed = lastClass < character.Class ? UnicodeTables.Compose(starter.CodePoint, character.CodePoint) : None;
            if (composed >= 0)
            {
                starter = starter with { CodePoint = composed, Change = starter.Change + character.Change - 1 };
            }
            else if (character.Class == 0)
            {
                Flush(starter, ref waiting, ref writer);
                (starter, lastClass) = (character, None);
            }
            else
            {
                _characters[waiting++] = character;
                lastClass = character.Class;
            }
        }

        if (hasStarter) Flush(starter, ref waiting, ref writer);
    }

    private void Flush(Character starter, ref int waiting, ref ChangeWriter writer)
    {
        writer.Write(starter.CodePoint, starter.Change);
        foreach (var mark in _characters.AsSpan(0, waiting)) writer.Write(mark.CodePoint, mark.Change);
        waiting = 0;
    }
}
