using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>A tokenizer under measure: made anew for each first pass.</summary>
/// <param name="Library">Whose it is.</param>
/// <param name="Gives">ids, or offsets with them.</param>
/// <param name="Make">Loads it, nothing encoded yet; gives what encodes a document and returns its number of tokens.</param>
internal sealed record EncodingContender(string Library, string Gives, Func<Func<string, int>> Make);

/// <summary>Who encodes with a tokenizer of the folder.</summary>
internal static class EncodingContenders
{
    private static readonly TokenEncodingOptions s_asIs = new() { AddSpecialTokens = false, Truncation = TruncationOptions.None, Padding = PaddingOptions.None };

    /// <summary>The contenders of one kind of tokenizer. Microsoft.ML.Tokenizers reads byte-level BPE and WordPiece.</summary>
    internal static IReadOnlyList<EncodingContender> Of(TokenizerFolder folder, string kind)
    {
        var path = folder.At(kind);
        var contenders = new List<EncodingContender>
        {
            new("Ml.Llm", "ids", () =>
            {
                var tokenizer = LanguageModelTokenizer.FromPretrained(path);
                return text => tokenizer.EncodeToIds(text).Count;
            }),
            new("Ml.Llm", "offsets", () =>
            {
                var tokenizer = LanguageModelTokenizer.FromPretrained(path);
                return text => tokenizer.Encode(text, s_asIs).Offsets.Count / 2;
            }),
        };
        switch (kind)
        {
            case "bpe":
                contenders.Insert(1, new("Microsoft.ML.Tokenizers", "ids", () => Ids(BpeTokenizer.Create(new BpeOptions(Path.Combine(path, "vocab.json"), Path.Combine(path, "merges.txt"))
                {
                    ByteLevel = true,
                    PreTokenizer = RobertaPreTokenizer.Instance, // GPT-2's pattern
                }))));
                break;
            case "wordpiece":
                contenders.Insert(1, new("Microsoft.ML.Tokenizers", "ids", () => Ids(BertTokenizer.Create(Path.Combine(path, "vocab.txt")))));
                break;
        }

        return contenders;
    }

    private static Func<string, int> Ids(Tokenizer tokenizer) => text => tokenizer.EncodeToIds(text).Count;
}
