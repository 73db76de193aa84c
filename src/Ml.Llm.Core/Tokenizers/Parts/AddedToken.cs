namespace Ml.Llm.Tokenization;

/// <summary>A token that is cut out of the text before anything else looks at it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Only where no word character stands beside it.</param>
/// <param name="StripsLeft">Takes the white space before it.</param>
/// <param name="StripsRight">Takes the white space after it.</param>
/// <param name="Normalized">Looked for after normalizing instead of before.</param>
/// <param name="Special">One with a meaning (end of text, padding), which users' text does not spell by default.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord = false, bool StripsLeft = false, bool StripsRight = false, bool Normalized = false, bool Special = true)
{
    /// <summary>Writes the token as an element of <c>added_tokens</c>.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Integer("id", Id);
        output.Text("content", Content);
        output.Truth("single_word", SingleWord);
        output.Truth("lstrip", StripsLeft);
        output.Truth("rstrip", StripsRight);
        output.Truth("normalized", Normalized);
        output.Truth("special", Special);
        output.EndObject();
    }
}
