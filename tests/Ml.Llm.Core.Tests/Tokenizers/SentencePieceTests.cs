using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class SentencePieceTests
{
    private const string Mark = "\u2581";

    [TestMethod]
    public void A_model_without_a_class_follows_its_own_options()
    {
        Assert.AreEqual("▁a|▁b", Tokens(Unigram(), "a  b "));
        Assert.AreEqual("a|▁b", Tokens(Unigram().Normalizer(3, 0), "a b"), "no dummy prefix");
        Assert.AreEqual("▁a|▁|▁b|▁", Tokens(Unigram().Normalizer(4, 0), "a  b "), "extra white space stays");
        Assert.AreEqual("a▁|b▁", Tokens(Unigram().Piece("a▁", -1).Piece("b▁", -1).Trainer(24, 1), "a b"), "the mark ends words");
        Assert.AreEqual(" a| b", Tokens(Unigram().Piece(" a", -1).Piece(" b", -1).Normalizer(5, 0), "a b"), "spaces are not written as marks");
    }

    [TestMethod]
    [DataRow(24)]
    [DataRow(0)]
    public void Text_comes_back(int suffixField)
    {
        var model = Unigram().Piece("a▁", -1).Piece("b▁", -1);
        if (suffixField > 0) model.Trainer(suffixField, 1);
        var tokenizer = Read(model);
        Assert.AreEqual("a b", tokenizer.Decode(tokenizer.EncodeToIds("a b")));
    }

    [TestMethod]
    public void Pieces_of_each_type_play_their_part()
    {
        var tokenizer = Read(Unigram().Piece("<c>", 0, 3).Piece("new", -1, 4).Piece("<0x78>", -9, 6).Piece("old", -1, 5).Trainer(35, 1));
        Assert.AreEqual("▁a|new|▁b", Tokens(tokenizer, "anewb"), "user defined: cut out before anything else");
        Assert.IsTrue(tokenizer.Pipeline.IsSpecial(tokenizer.IdOf("<c>")!.Value));
        Assert.IsFalse(tokenizer.Pipeline.IsSpecial(tokenizer.IdOf("new")!.Value));
        Assert.AreEqual("▁|<0x78>", Tokens(tokenizer, "x"), "bytes stand for what is not known");
        Assert.AreEqual(0, Read(Unigram()).Encode("x").Ids[^1], "else the unknown piece does");
    }

    [TestMethod]
    public void Merges_of_scored_pieces_are_those_of_a_slow_search()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var texts = new HashSet<string>();
            while (texts.Count < 40) texts.Add(string.Concat(Enumerable.Range(0, 1 + random.Next(6)).Select(_ => random.Next(4) switch { 0 => "a", 1 => "é", 2 => "𝒜", _ => "b" })));
            var pieces = texts.Select(text => (text, (float)random.Next(5))).ToList();
            var merges = MergesOfPieces.Find(pieces, static id => id % 7 != 0);
            Assert.AreSequenceEqual(Slowly(pieces).ToArray(), merges.ToArray());
        }
    }

    [TestMethod]
    public void A_long_piece_of_many_parts_takes_no_time_to_part()
    {
        // A search by substrings would take 10^11 steps.
        const int Long = 300_000;
        var pieces = new List<(string, float)> { ("a", 0), ("aa", 0), (new string('a', Long), -1), (new string('a', Long - 1), -2) };
        var merges = MergesOfPieces.Find(pieces, static _ => true);
        Assert.Contains((new string('a', Long - 1), "a"), merges);
    }

    [TestMethod]
    public void Broken_models_are_refused_with_a_reason()
    {
        Refuses(new SentencePieceBytes().ToArray(), "no pieces");
        Refuses(Unigram().Piece("a").ToArray(), "twice");
        Refuses(Unigram().Piece("").ToArray(), "is empty");
        Refuses(Unigram().Piece("x", float.NaN).ToArray(), "finite");
        Refuses(Unigram().Piece("x", 0, 9).ToArray(), "type 9");
        Refuses(Unigram().Trainer(3, 4).ToArray(), "kind 4");
        Refuses(Unigram().Trainer(40, 999).ToArray(), "unknown id 999");
        Refuses([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1], "announced");
        Refuses([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1], "beyond");
        Refuses([.. Enumerable.Repeat((byte)0xFF, 20)], "ten bytes");
        Refuses([0x0B, 0x0B], "kind 3");
        Refuses([0x00, 0x00], "field number");
        Refuses([0x0A, 4, 0x0A, 2, 0xC3, 0x28], "not valid Unicode");
    }

    [TestMethod]
    public void A_model_that_was_cut_or_changed_gives_a_tokenizer_or_a_typed_error()
    {
        var whole = Unigram().Piece("ab", -1).Piece("<c>", 0, 3).Trainer(24, 0).Normalizer(4, 1).ToArray();
        var random = new Random(5);
        var read = 0;
        for (var round = 0; round < 3_000; round++)
        {
            var bytes = whole.ToArray();
            if (round < whole.Length) bytes = bytes[..round];
            else for (var flips = 1 + random.Next(3); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(bytes).EncodeToIds("a b ab x");
                read++;
            }
            catch (ModelFormatException)
            {
                // What is broken is said so.
            }

            Assert.IsLessThan(16 << 20, GC.GetAllocatedBytesForCurrentThread() - before, $"round {round}");
        }

        Assert.IsGreaterThan(100, read);
    }

    private static SentencePieceBytes Unigram() =>
        new SentencePieceBytes().Piece("<unk>", 0, 2).Piece(Mark, -3).Piece("a", -4).Piece("b", -4).Piece("▁a", -1).Piece("▁b", -1);

    private static LanguageModelTokenizer Read(SentencePieceBytes model) => Read(model.ToArray());

    private static LanguageModelTokenizer Read(byte[] model) => LanguageModelTokenizer.FromFiles(name => name == "spiece.model" ? model : null, "model");

    private static string Tokens(SentencePieceBytes model, string text) => Tokens(Read(model), text);

    private static string Tokens(LanguageModelTokenizer tokenizer, string text) => string.Join('|', tokenizer.Encode(text, new() { ParseSpecialTokens = true }).Tokens);

    private static void Refuses(byte[] model, string reason)
    {
        var problem = Assert.ThrowsExactly<ModelFormatException>(() => Read(model));
        Assert.Contains(reason, problem.Message);
        Assert.Contains("spiece.model", problem.File);
    }

    private static IEnumerable<(string Left, string Right)> Slowly(List<(string Text, float Score)> pieces)
    {
        var ids = pieces.Select((piece, id) => (piece.Text, id)).ToDictionary(item => item.Text, item => item.id);
        return pieces.SelectMany((piece, id) => Enumerable.Range(1, piece.Text.Length - 1).Where(_ => id % 7 != 0)
                .Select(at => (Left: piece.Text[..at], Right: piece.Text[at..]))
                .Where(parts => ids.ContainsKey(parts.Left) && ids.ContainsKey(parts.Right))
                .OrderBy(parts => ids[parts.Left]).ThenBy(parts => ids[parts.Right])
                .Select(parts => (parts.Left, parts.Right, piece.Score)))
            .OrderByDescending(merge => merge.Score)
            .Select(merge => (merge.Left, merge.Right));
    }
}
