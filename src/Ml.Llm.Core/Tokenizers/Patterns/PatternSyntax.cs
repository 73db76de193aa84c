namespace Ml.Llm.Tokenization;

/// <summary>Whose rules a pattern is read by, where they differ.</summary>
internal enum PatternSyntax
{
    /// <summary>
    /// Oniguruma, which Hugging Face's tokenizers run: <c>^</c> and <c>$</c> are of lines, <c>a{1,3}+</c> is <c>(?:a{1,3})+</c>.
    /// </summary>
    Oniguruma,

    /// <summary>Rust's regular expressions, which tiktoken runs: <c>^</c> and <c>$</c> are of the text, <c>a{1,3}+</c> is possessive.</summary>
    Rust,
}
