namespace Ml.Llm.Tokenization;

/// <summary>The lists of an encoding while they are filled.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class TokenLists(int count)
{
    public int[] Ids { get; } = new int[count];

    public string[] Tokens { get; } = new string[count];

    public int[] Offsets { get; } = new int[2 * count];

    public int?[] Words { get; } = new int?[count];

    public int[] TypeIds { get; } = new int[count];

    public bool[] IsSpecial { get; } = new bool[count];

    public int[] AttentionMask { get; } = new int[count];

    public int?[] SequenceIds { get; } = new int?[count];

    /// <summary>Puts a token of a text at a place.</summary>
    public void SetToken(int at, int id, string token, int start, int end, int word, PlanPiece piece, int typeId)
    {
        Ids[at] = id;
        Tokens[at] = token;
        Offsets[2 * at] = start;
        Offsets[(2 * at) + 1] = end;
        Words[at] = word;
        TypeIds[at] = typeId;
        AttentionMask[at] = 1;
        SequenceIds[at] = piece.SequenceId;
    }

    /// <summary>Puts a special token at a place.</summary>
    public void SetSpecial(int at, int id, string token, int typeId, int? sequenceId)
    {
        Ids[at] = id;
        Tokens[at] = token;
        TypeIds[at] = typeId;
        IsSpecial[at] = true;
        AttentionMask[at] = 1;
        SequenceIds[at] = sequenceId;
    }

    /// <summary>Puts a token that fills at some places.</summary>
    public void Fill(int from, int to, in PadToken pad)
    {
        Ids.AsSpan(from..to).Fill(pad.Id);
        Tokens.AsSpan(from..to).Fill(pad.Token);
        TypeIds.AsSpan(from..to).Fill(pad.TypeId);
        IsSpecial.AsSpan(from..to).Fill(true);
    }
}

/// <summary>A token that fills, and on which side.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Token">How it is spelled.</param>
/// <param name="TypeId">Its type.</param>
/// <param name="Direction">On which side it fills.</param>
internal readonly record struct PadToken(int Id, string Token, int TypeId, PaddingDirection Direction);
