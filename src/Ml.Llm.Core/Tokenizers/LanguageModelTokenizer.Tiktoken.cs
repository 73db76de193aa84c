using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    /// <summary>Reads a tokenizer from tiktoken's ranks.</summary>
    /// <param name="path">The file of ranks: on each line a token's bytes in base64, a space, and its rank, which is its id.</param>
    /// <param name="pattern">The pattern that cuts a text into pieces, by the rules of Rust's regular expressions, as tiktoken has it.</param>
    /// <param name="specialTokens">The special tokens and their ids; null: none.</param>
    /// <remarks>
    /// Text that the pattern does not match is kept as a piece of its own, where tiktoken would lose it. Of two ways to part the
    /// same token, those with the smaller ids go first, where tiktoken takes the one further to the left: no difference for ranks
    /// that were learned by merging. <see cref="Save(string)"/> writes a tokenizer.json, which other libraries read by Oniguruma's
    /// rules: there <c>a{1,3}+</c> is not possessive, and <c>$</c> is the end of a line.
    /// </remarks>
    /// <exception cref="ArgumentException">The path or the pattern is null or empty, or a special token is empty or its id taken.</exception>
    /// <exception cref="PatternException">The pattern is broken, or uses what is not known.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    public static LanguageModelTokenizer FromTiktoken(string path, string pattern, IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        if (!File.Exists(path)) throw new FileNotFoundException($"There are no ranks at {path}.", path);
        using var stream = File.OpenRead(path);
        var given = new GivenPattern(pattern, isExpression: true, PatternSyntax.Rust);
        var pipeline = TiktokenTokenizer.Build(TiktokenReader.Read(stream, path), given, specialTokens ?? new Dictionary<string, int>());
        return new LanguageModelTokenizer(pipeline, TokenizerFiles.FillFromUsualNames(new SpecialTokenIds(), pipeline));
    }
}
