using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Builds a tokenizer from the values of a GGUF file.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class GgufTokenizerBuilder
{
    /// <summary>Builds the tokenizer.</summary>
    /// <param name="values">The values.</param>
    /// <param name="file">What to call the file in complaints.</param>
    /// <exception cref="ModelFormatException">The values do not go together, or ask for what is not known.</exception>
    public static LanguageModelTokenizer Build(GgufTokenizerValues values, string file)
    {
        var pieces = PiecesOf(values, file);
        values = WithUsualIds(values, pieces);
        var pipeline = values.Model switch
        {
            "gpt2" => BuildBytePair(values, pieces, file),
            "llama" => SentencePieceFiles.Build(FileOf(values, pieces, isBytePair: true), FilesOf(values, "LlamaTokenizer", file), file),
            "t5" => SentencePieceFiles.Build(FileOf(values, pieces, isBytePair: false), FilesOf(values, className: null, file), file),
            "bert" => BuildWordPiece(values, pieces, file),
            var other => throw Problem(file, $"model: the kind \"{other}\" is not known; gpt2, llama, t5 and bert are"),
        };
        var ids = new SpecialTokenIds
        {
            Bos = values.BosId, Eos = values.EosId, Unknown = values.UnknownId, Sep = values.SeparatorId, Pad = values.PaddingId, Cls = values.ClsId, Mask = values.MaskId,
        };
        return new LanguageModelTokenizer(pipeline, TokenizerFiles.FillFromUsualNames(ids, pipeline));
    }

    /// <summary>Where a file of a kind that comes from SentencePiece does not say its special ids, they are those that SentencePiece and T5 have by themselves.</summary>
    private static GgufTokenizerValues WithUsualIds(GgufTokenizerValues values, List<SentencePiece> pieces)
    {
        var unknown = pieces.FindIndex(static piece => piece.Type == SentencePieceType.Unknown) is var marked and >= 0 ? marked : (int?)null;
        return values.Model switch
        {
            "llama" => values with { BosId = values.BosId ?? Usual(1), EosId = values.EosId ?? Usual(2), UnknownId = values.UnknownId ?? unknown ?? Usual(0) },
            "t5" => values with { EosId = values.EosId ?? Usual(1), UnknownId = values.UnknownId ?? unknown ?? Usual(2), PaddingId = values.PaddingId ?? Usual(0) },
            _ => values,
        };

        int? Usual(int id) => id < pieces.Count ? id : null;
    }

    private static List<SentencePiece> PiecesOf(GgufTokenizerValues values, string file)
    {
        var count = values.Tokens.Count;
        if (count is 0 or > TokenizerJsonReader.LargestId) throw Problem(file, Invariant($"tokens: there are {count}; there must be 1 to {TokenizerJsonReader.LargestId}"));
        if (values.Scores is { } scores && scores.Count != count) throw Problem(file, Invariant($"scores: there are {scores.Count} for {count} tokens"));
        if (values.TokenTypes is { } types && types.Count != count) throw Problem(file, Invariant($"token_type: there are {types.Count} for {count} tokens"));
        var (pieces, places) = (new List<SentencePiece>(count), new Dictionary<string, int>(count));
        for (var id = 0; id < count; id++)
        {
            var (text, score, type) = (values.Tokens[id], values.Scores?[id] ?? 0, values.TokenTypes?[id] ?? (int)SentencePieceType.Normal);
            if (text.Length == 0) throw Problem(file, Invariant($"tokens[{id}]: the token is empty"));
            if (!places.TryAdd(text, id)) throw Problem(file, Invariant($"tokens[{id}]: the token \"{text}\" is there twice; it is that of {places[text]} already"));
            if (!float.IsFinite(score)) throw Problem(file, Invariant($"scores[{id}]: must be finite"));
            if (type is < 1 or > 6) throw Problem(file, Invariant($"token_type[{id}]: the type {type} is not known"));
            pieces.Add(new SentencePiece(text, score, (SentencePieceType)type));
        }

        return pieces;
    }

    private static TokenizerPipeline BuildBytePair(GgufTokenizerValues values, List<SentencePiece> pieces, string file)
    {
        var files = FilesOf(values, className: null, file);
        var merges = (values.Merges ?? throw Problem(file, "merges: missing; the kind gpt2 needs them")).Select((merge, i) => MergeOf(merge, i, file)).ToList();
        var name = values.Pre ?? GgufPreTokenizer.Default;
        var pre = GgufPreTokenizer.Find(name) ?? throw Problem(file, $"pre: \"{name}\" is not known; {string.Join(", ", GgufPreTokenizer.Names)} are");
        BytePairVocabulary vocabulary;
        try
        {
            vocabulary = new BytePairVocabulary(IdsOf(pieces), merges, new BytePairModelOptions(IgnoresMerges: pre.IgnoresMerges));
        }
        catch (FormatException problem)
        {
            throw new ModelFormatException(file, $"merges: {problem.Message}", problem);
        }

        var model = new BytePairModel(vocabulary, takesBytes: true);
        var cutOut = new SentencePieceFile { Pieces = pieces }.CutOut;
        var added = SpecialTokenDefaults.None.Number(model, files, cutOut);
        var template = new FramingTemplate(added, file);
        var begin = values.AddsBos ?? pre.AddsBos ? template.Named(SpecialTokenDefaults.None.TokenOf("bos_token", files.Settings), "bos_token") : null;
        var end = values.AddsEos == true ? template.Named(SpecialTokenDefaults.None.TokenOf("eos_token", files.Settings), "eos_token") : null;
        return new TokenizerPipeline(
            added,
            pre.Normalizer,
            pre.Splitter,
            model,
            begin is null && end is null ? null : template.AroundEach(begin, end),
            new ByteLevelDecoder(new ByteLevelOptions()));
    }

    private static TokenizerPipeline BuildWordPiece(GgufTokenizerValues values, List<SentencePiece> pieces, string file)
    {
        // The file marks what begins a word, where a WordPiece vocabulary marks what goes on with it.
        var tokens = pieces.ConvertAll(static piece => piece with
        {
            Text = piece.Text is ['[', .., ']'] ? piece.Text
                : piece.Text.StartsWith(SentencePieceParts.Mark, StringComparison.Ordinal) && piece.Text.Length > 1 ? piece.Text[1..]
                : "##" + piece.Text,
        });
        var ids = IdsOf(tokens);
        if (ids.Count < tokens.Count) throw Problem(file, "tokens: two of them spell the same word");
        var files = FilesOf(values, className: null, file, id => tokens[id].Text);
        var unknown = values.UnknownId is { } id ? tokens[id].Text : throw Problem(file, "unknown_token_id: missing; the kind bert needs it");
        return WordPieceFiles.Build(ids, unknown, SpecialTokenDefaults.None, files, file);
    }

    private static SentencePieceFile FileOf(GgufTokenizerValues values, List<SentencePiece> pieces, bool isBytePair)
    {
        return new SentencePieceFile
        {
            Pieces = pieces,
            IsBytePair = isBytePair,
            UnknownId = values.UnknownId ?? 0,
            FallsBackToBytes = pieces.Exists(static piece => piece.Type == SentencePieceType.Byte),
            CharacterMap = values.CharacterMap,
            AddsDummyPrefix = AddsPrefix(values),
            RemovesExtraWhiteSpace = values.RemovesExtraWhiteSpace,
        };
    }

    /// <summary>Whether a space comes before the text. Where several spaces are one, each word of t5 has one before it, the first too.</summary>
    private static bool AddsPrefix(GgufTokenizerValues values) =>
        (values.AddsSpacePrefix ?? values.Model == "llama") || (values.Model == "t5" && values.RemovesExtraWhiteSpace);

    private static SlowTokenizerFiles FilesOf(GgufTokenizerValues values, string? className, string file, Func<int, string>? spelling = null)
    {
        var tokens = new Dictionary<string, string>();
        Add("bos_token", values.BosId);
        Add("eos_token", values.EosId);
        Add("unk_token", values.UnknownId);
        Add("sep_token", values.SeparatorId);
        Add("pad_token", values.PaddingId);
        Add("cls_token", values.ClsId ?? (values.Model == "bert" ? values.BosId : null));
        Add("mask_token", values.MaskId);
        var switches = new Dictionary<string, bool>
        {
            ["add_bos_token"] = values.AddsBos ?? values.Model == "llama",
            ["add_eos_token"] = values.AddsEos ?? values.Model == "t5",
            ["add_prefix_space"] = AddsPrefix(values),
            ["do_lower_case"] = values.Lowercases,
            ["strip_accents"] = values.StripsAccents ?? values.Lowercases,
        };
        return new SlowTokenizerFiles(static _ => null, file, TokenizerSettings.Of(className, switches, tokens));

        void Add(string key, int? id)
        {
            if (id is not { } known) return;
            if ((uint)known >= (uint)values.Tokens.Count) throw Problem(file, Invariant($"the id {known} of the {key} is that of none of the {values.Tokens.Count} tokens"));
            tokens[key] = spelling?.Invoke(known) ?? values.Tokens[known];
        }
    }

    private static (string Left, string Right) MergeOf(string merge, int place, string file)
    {
        var space = merge.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < merge.Length - 1 && merge.IndexOf(' ', space + 1) < 0
            ? (merge[..space], merge[(space + 1)..])
            : throw Problem(file, Invariant($"merges[{place}]: must be two parts with one space between them, but is \"{merge}\""));
    }

    private static Dictionary<string, int> IdsOf(List<SentencePiece> pieces)
    {
        var ids = new Dictionary<string, int>(pieces.Count);
        for (var id = 0; id < pieces.Count; id++) ids.TryAdd(pieces[id].Text, id);
        return ids;
    }

    private static ModelFormatException Problem(string file, string problem) => new(file, "tokenizer.ggml." + problem);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
