namespace Ml.Llm.Tokenization;

/// <summary>One part of a tokenizer.json, which writes itself as Hugging Face does.</summary>
internal interface ITokenizerPart
{
    /// <summary>Writes the part as a JSON value.</summary>
    void WriteTo(JsonOutput output);
}

/// <summary>Rewrites a text before it is split, and keeps where each unit came from.</summary>
internal interface INormalizer : ITokenizerPart
{
    /// <summary>Rewrites a text in place.</summary>
    void Normalize(AlignedText text);
}

/// <summary>Cuts a text into the pieces that the model sees alone.</summary>
internal interface IPreTokenizer : ITokenizerPart
{
    /// <summary>
    /// Whether this is byte level to the end, so that <see cref="LeavingBytes"/> can leave its pieces as text to a model that
    /// takes their UTF-8 bytes.
    /// </summary>
    bool LeavesBytesToModel => false;

    /// <summary>
    /// This pre-tokenizer for a model that takes the UTF-8 bytes of text: if it is byte level to the end, the pieces stay text
    /// instead of turning into the byte alphabet, which costs less and is the same.
    /// </summary>
    IPreTokenizer LeavingBytes() => this;

    /// <summary>Splits each piece of a text by itself; a step that changes the text writes text and pieces anew.</summary>
    void Split(AlignedText text, PieceList pieces);
}

/// <summary>Turns a piece of text into tokens, and knows the vocabulary.</summary>
internal interface ITokenModel : ITokenizerPart
{
    /// <summary>The largest id, or -1 for an empty vocabulary.</summary>
    int LargestId { get; }

    /// <summary>How many tokens there are; less than the largest id tells where ids have holes.</summary>
    int Count { get; }

    /// <summary>
    /// Whether pieces are text whose UTF-8 bytes the model takes, where others would want them in the byte alphabet.
    /// </summary>
    bool TakesBytes => false;

    /// <summary>What the model calls its unknown token, if it has one.</summary>
    string? UnknownToken { get; }

    /// <summary>The id of a token, or null.</summary>
    int? IdOf(string token);

    /// <summary>The token of an id, or null.</summary>
    string? TokenOf(int id);

    /// <summary>Adds the ids of a piece to a list: the fast way.</summary>
    void Encode(ReadOnlySpan<char> piece, List<int> ids);

    /// <summary>Adds the tokens of a piece, with where they lie in it (UTF-16 units, whole characters).</summary>
    void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens);
}

/// <summary>Arranges sequences and special tokens, and says how offsets are trimmed.</summary>
internal interface IPostProcessor : ITokenizerPart
{
    /// <summary>How many tokens are added to one text, or to a pair: what truncation leaves room for.</summary>
    int AddedTokens(bool pair);

    /// <summary>Arranges the pieces of an encoding, which do not depend on the text.</summary>
    /// <param name="groups">The pieces so far, in groups.</param>
    /// <param name="addSpecialTokens">Whether special tokens are wanted.</param>
    /// <exception cref="NotSupportedException">The groups cannot be arranged.</exception>
    IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens);
}

/// <summary>Turns tokens back into text.</summary>
internal interface ITokenDecoder : ITokenizerPart
{
    /// <summary>Rewrites the tokens in place; put together they are the text, or what the next decoder goes on with.</summary>
    void Decode(List<string> tokens);
}

/// <summary>A token of a piece: its id, and the UTF-16 units [Start, End) of the piece that it stands for.</summary>
/// <param name="Id">The id.</param>
/// <param name="Start">The first unit of the first character that it touches.</param>
/// <param name="End">The unit after the last character that it touches.</param>
/// <param name="EndsInside">Whether it ends inside a character, which the next token goes on with.</param>
/// <param name="IsSpelledAsText">Whether its spelling is the text that it stands for: an unknown stretch of Unigram.</param>
internal readonly record struct PieceToken(int Id, int Start, int End, bool EndsInside, bool IsSpelledAsText = false);

/// <summary>A token of a whole text.</summary>
/// <param name="Id">The id.</param>
/// <param name="Start">The first UTF-16 unit of the text that it stands for.</param>
/// <param name="End">The unit after its last.</param>
/// <param name="Word">The number of the piece it comes from, -1 for a special token that the post-processor put in.</param>
/// <param name="EndsInside">Whether it ends inside a character.</param>
/// <param name="Text">For an added token found in the text, the text that it takes, stripped white space included; else null.</param>
internal readonly record struct DetailedToken(int Id, int Start, int End, int Word, bool EndsInside = false, string? Text = null);
