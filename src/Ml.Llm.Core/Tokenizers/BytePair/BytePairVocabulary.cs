using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>What a BPE model consists of in tokenizer.json: its options, tokens and merges.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BytePairVocabulary
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly IReadOnlyList<(string Left, string Right)> _mergeTexts;

    /// <summary>Makes a vocabulary.</summary>
    /// <param name="ids">Token to id; it must not change afterwards.</param>
    /// <param name="merges">The pairs to merge, the most important first; both parts and the result are tokens.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="FormatException">A part or the result of a merge is no token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public BytePairVocabulary(Dictionary<string, int> ids, IReadOnlyList<(string Left, string Right)> merges, BytePairModelOptions options)
    {
        options.Validate();
        Tokens = new TokenTable(ids);
        _mergeTexts = merges;
        Options = options;

        var pairs = new List<(int, int, int)>(merges.Count);
        for (var i = 0; i < merges.Count; i++)
        {
            var (left, right) = merges[i];
            pairs.Add((IdOfPart(left, i), IdOfPart(right, i), IdOfPart(Joined(left, right, i), i)));
        }

        Merges = new MergeTable(pairs);
    }

    private BytePairVocabulary(BytePairVocabulary other, BytePairModelOptions options)
    {
        options.Validate();
        (Tokens, Merges, _mergeTexts, Options) = (other.Tokens, other.Merges, other._mergeTexts, options);
    }

    /// <summary>The options.</summary>
    public BytePairModelOptions Options { get; }

    /// <summary>The tokens.</summary>
    public TokenTable Tokens { get; }

    /// <summary>The merges by ids.</summary>
    public MergeTable Merges { get; }

    /// <summary>The merges as text, in order.</summary>
    public IReadOnlyList<(string Left, string Right)> MergeTexts => _mergeTexts;

    /// <summary>The same vocabulary with another dropout.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dropout does not lie between 0 and 1.</exception>
    public BytePairVocabulary WithDropout(float? dropout) => new(this, Options with { Dropout = dropout });

    /// <summary>Writes the model, tokens in the order of their ids.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "BPE");
        if (Options.Dropout is { } dropout)
        {
            output.Name("dropout");
            output.Literal(JsonNumber.TextOf(dropout));
        }
        else
        {
            output.Null("dropout");
        }

        output.Text("unk_token", Options.UnknownToken);
        output.Text("continuing_subword_prefix", Options.ContinuingSubwordPrefix);
        output.Text("end_of_word_suffix", Options.EndOfWordSuffix);
        output.Truth("fuse_unk", Options.FusesUnknown);
        output.Truth("byte_fallback", Options.FallsBackToBytes);
        output.Truth("ignore_merges", Options.IgnoresMerges);
        Tokens.WriteTo(output);
        output.Name("merges");
        output.BeginArray();
        for (var rank = 0; rank < _mergeTexts.Count; rank++)
        {
            // Of a pair that is listed twice the later rank counts.
            var (left, right) = _mergeTexts[rank];
            if (Merges.RankOf(Tokens.IdOf(left)!.Value, Tokens.IdOf(right)!.Value, out _) != rank) continue;
            output.BeginArray();
            output.Text(left);
            output.Text(right);
            output.EndArray();
        }

        output.EndArray();
        output.EndObject();
    }

    /// <summary>The text of a merge: the right part loses as many bytes as the prefix of continuing tokens has.</summary>
    private string Joined(string left, string right, int merge)
    {
        var prefix = Options.ContinuingSubwordPrefix;
        if (string.IsNullOrEmpty(prefix)) return left + right;
        if (right.StartsWith(prefix, StringComparison.Ordinal)) return string.Concat(left, right.AsSpan(prefix.Length));

        var bytes = Encoding.UTF8.GetBytes(right);
        var cut = Encoding.UTF8.GetByteCount(prefix);
        if (bytes.Length >= cut)
        {
            try
            {
                return left + s_strict.GetString(bytes, cut, bytes.Length - cut);
            }
            catch (DecoderFallbackException problem)
            {
                throw new FormatException(Complaint(merge, $"whose right part cannot lose the prefix \"{prefix}\""), problem);
            }
        }

        throw new FormatException(Complaint(merge, $"whose right part is shorter than the prefix \"{prefix}\""));
    }

    private int IdOfPart(string token, int merge) =>
        Tokens.IdOf(token) ?? throw new FormatException(Complaint(merge, $"needs the token \"{token}\", which is not in the vocabulary"));

    private string Complaint(int merge, string problem) =>
        $"merge {merge} (\"{_mergeTexts[merge].Left}\", \"{_mergeTexts[merge].Right}\") {problem}";
}
