using System.Globalization;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Data;

namespace Ml.Llm.Transforms.Tests.Data;

[TestClass]
public sealed class TextDataTests
{
    private readonly MLContext ml = new(seed: 1);
    private readonly List<string> log = [];
    private string folder = "";

    [TestInitialize]
    public void Start()
    {
        folder = Directory.CreateTempSubdirectory("mlllm-text-").FullName;
        ml.Log += (_, message) => log.Add(message.Message);
    }

    [TestCleanup]
    public void Finish() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void Blank_lines_part_documents()
    {
        var path = Write("a.txt", "first line\nsecond line\r\n\n \t\nnext document\n\n\n");
        Assert.AreSequenceEqual(["first line\nsecond line", "next document"], Texts(ml.Llm.Data.LoadText(path)));
    }

    [TestMethod]
    public void Each_line_is_a_document_where_asked()
    {
        var path = Write("a.txt", "one\ttab, \"quotes\"\n\ntwo\u2028not a line end\r\nthree");
        Assert.AreSequenceEqual(["one\ttab, \"quotes\"", "two\u2028not a line end", "three"], Texts(ml.Llm.Data.LoadText(path, documentPerLine: true)));
    }

    [TestMethod]
    public void Lines_longer_than_the_buffer_and_characters_across_its_end_survive()
    {
        var lines = Enumerable.Range(0, 40).Select(i => string.Concat(Enumerable.Repeat("é😀" + i, 3001 * (i % 5)))).Where(line => line.Length > 0).ToList();
        var path = Write("a.txt", string.Join('\n', lines));
        Assert.AreSequenceEqual(lines, Texts(ml.Llm.Data.LoadText(path, documentPerLine: true)));
    }

    [TestMethod]
    public void A_byte_order_mark_is_skipped_and_an_empty_file_has_no_rows()
    {
        File.WriteAllBytes(Path.Combine(folder, "a.txt"), [0xEF, 0xBB, 0xBF, (byte)'x', (byte)'\n']);
        Assert.AreSequenceEqual(["x"], Texts(ml.Llm.Data.LoadText(Path.Combine(folder, "a.txt"))));
        Assert.IsEmpty(Texts(ml.Llm.Data.LoadText(Write("b.txt", ""))));
    }

    [TestMethod]
    public void A_folder_means_its_text_files_and_a_pattern_what_it_says()
    {
        Write("b.txt", "b");
        Write("a.txt", "a");
        Write("notes.md", "m");
        Directory.CreateDirectory(Path.Combine(folder, "deep", "deeper"));
        Write("deep/c.txt", "c");
        Write("deep/deeper/d.md", "d");
        Assert.AreSequenceEqual(["a", "b", "c"], Texts(ml.Llm.Data.LoadText(folder)));
        Assert.AreSequenceEqual(["m"], Texts(ml.Llm.Data.LoadText(Path.Combine(folder, "*.md"))));
        Assert.AreSequenceEqual(["d", "m"], Texts(ml.Llm.Data.LoadText(Path.Combine(folder, "**", "*.md"))));
        Assert.AreSequenceEqual(["a", "b"], Texts(ml.Llm.Data.LoadText(Path.Combine(folder, "?.txt"))));
    }

    [TestMethod]
    public void A_path_that_means_no_file_is_refused_at_once()
    {
        var missing = Path.Combine(folder, "none.txt");
        Assert.Contains(missing, Assert.ThrowsExactly<FileNotFoundException>(() => ml.Llm.Data.LoadText(missing)).Message);
        Assert.ThrowsExactly<FileNotFoundException>(() => ml.Llm.Data.LoadText(folder));
        Assert.ThrowsExactly<FileNotFoundException>(() => ml.Llm.Data.LoadText(Path.Combine(folder, "*.txt")));
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => ml.Llm.Data.LoadText(Path.Combine(folder, "none", "*.txt")));
    }

    [TestMethod]
    public void Bytes_that_are_not_UTF8_are_an_error_that_says_where()
    {
        var path = Path.Combine(folder, "bad.txt");
        File.WriteAllBytes(path, [.. "fine\nalso f"u8, 0xFF, .. "ine\n"u8]);
        var error = Assert.ThrowsExactly<DataFormatException>(() => Texts(ml.Llm.Data.LoadText(path)));
        Assert.Contains(path, error.Message);
        Assert.Contains("line 2", error.Message);
        Assert.Contains("offset 11", error.Message);
        File.WriteAllBytes(path, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("utf-16")).ToArray());
        Assert.Contains("line 1", Assert.ThrowsExactly<DataFormatException>(() => Texts(ml.Llm.Data.LoadText(path))).Message);
    }

    [TestMethod]
    public void A_reading_that_is_given_up_closes_its_file()
    {
        var path = Write("a.txt", "one\n\ntwo");
        var view = ml.Llm.Data.LoadText(path);
        using (var cursor = view.GetRowCursor(view.Schema))
        {
            Assert.IsTrue(cursor.MoveNext());
            cursor.Dispose();
        }

        using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.AreEqual(8, exclusive.Length);
    }

    [TestMethod]
    public void Equal_texts_are_left_out_counted_and_logged()
    {
        RowCounts? counts = null;
        var view = ml.Llm.Data.RemoveDuplicates(View("a", "b", "a", "", "", "A", "b"), "Text", found => counts = found);
        Assert.AreSequenceEqual(["a", "b", "", "A"], Texts(view));
        Assert.AreSequenceEqual(["a", "b", "", "A"], Texts(view)); // a second reading starts afresh
        Assert.AreEqual(new RowCounts(7, 3), counts);
        Assert.HasCount(1, log.Where(line => line.Contains("3 of 7 rows", StringComparison.Ordinal)).ToList());
        Assert.IsFalse(view.CanShuffle);
    }

    [TestMethod]
    public void A_set_of_fingerprints_stays_near_sixteen_bytes_each()
    {
        var set = new FingerprintSet();
        for (var i = 0; i < 200_000; i++)
        {
            var fingerprint = TextFingerprint.Of(i.ToString(CultureInfo.InvariantCulture));
            Assert.IsTrue(set.Add(fingerprint));
            if (i % 1000 == 0)
                Assert.IsFalse(set.Add(fingerprint));
        }

        Assert.IsTrue(set.Add(0));
        Assert.IsFalse(set.Add(0));
        Assert.AreEqual(200_001, set.Count);
        Assert.IsLessThanOrEqualTo(28.0, (double)set.Bytes / set.Count);
    }

    [TestMethod]
    public void A_split_by_hash_parts_all_rows_and_keeps_equal_texts_together()
    {
        var texts = Enumerable.Range(0, 4000).Select(i => $"text {i % 2000}").ToArray();
        var split = ml.Llm.Data.SplitByHash(View(texts), "Text", testFraction: 0.25, seed: 3);
        var train = Texts(split.TrainSet);
        var test = Texts(split.TestSet);
        Assert.AreEqual(4000, train.Count + test.Count);
        Assert.IsEmpty(train.Intersect(test).ToList());
        Assert.IsInRange(880, 1120, test.Count);
        var other = Texts(ml.Llm.Data.SplitByHash(View(texts), "Text", testFraction: 0.25, seed: 4).TestSet);
        Assert.AreNotSequenceEqual(test, other);
    }

    [TestMethod]
    public void A_split_by_a_group_puts_whole_groups_on_a_side_and_is_the_same_everywhere()
    {
        var rows = Enumerable.Range(0, 300).Select(i => new Member { Text = $"text {i}", Namespace = $"N{i % 10}" }).ToArray();
        var split = ml.Llm.Data.SplitByHash(ml.Data.LoadFromEnumerable(rows), "Namespace", testFraction: 0.3);
        var train = split.TrainSet.GetColumn<string>("Namespace").Distinct().ToList();
        var test = split.TestSet.GetColumn<string>("Namespace").Distinct().ToList();
        Assert.IsEmpty(train.Intersect(test).ToList());
        Assert.HasCount(10, train.Concat(test).ToList());
        // A fixed point: SHA-256 over the seed and UTF-16 units, on every system.
        Assert.AreEqual(UInt128.Parse("129329192775273063313951267803510931427", CultureInfo.InvariantCulture), TextFingerprint.Of("N1"));
    }

    [TestMethod]
    public void A_split_shuffles_where_its_source_does_and_others_do_not_lose_columns()
    {
        var rows = Enumerable.Range(0, 300).Select(i => new Member { Text = $"text {i}", Namespace = $"N{i}" }).ToArray();
        var split = ml.Llm.Data.SplitByHash(ml.Data.Cache(ml.Data.LoadFromEnumerable(rows)), "Namespace", testFraction: 0.5);
        Assert.IsTrue(split.TrainSet.CanShuffle);
        using var cursor = split.TrainSet.GetRowCursor([split.TrainSet.Schema["Text"]], new Random(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(split.TrainSet.Schema["Namespace"]));
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(split.TrainSet.Schema["Text"]);
        var shuffled = new List<string>();
        ReadOnlyMemory<char> text = default;
        for (var i = 0; cursor.MoveNext(); i++)
        {
            Assert.AreEqual(i, cursor.Position);
            getter(ref text);
            shuffled.Add(text.ToString());
        }

        Assert.AreEqual(-1, cursor.Position);
        var plain = Texts(split.TrainSet);
        Assert.AreNotSequenceEqual(plain, shuffled);
        Assert.AreSequenceEqual(plain.Order(), shuffled.Order());
    }

    [TestMethod]
    public void A_fraction_outside_zero_to_one_and_columns_that_are_no_text_are_refused()
    {
        var numbers = ml.Data.LoadFromEnumerable(new[] { new { Number = 1f } });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.Llm.Data.SplitByHash(View("a"), "Text", testFraction: 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.Llm.Data.SplitByHash(View("a"), "Text", testFraction: double.NaN));
        Assert.AreEqual("Number", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Data.SplitByHash(numbers, "Number")).Column);
        Assert.AreEqual("Texts", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Data.RemoveDuplicates(View("a"), "Texts")).Column);
    }

    [TestMethod]
    public void The_reader_counts_rows_without_text()
    {
        var reader = new TextColumnReader(View("a", "", null!, "b"), "Text", "Test");
        Assert.AreSequenceEqual(["a", "b"], reader.Read());
        Assert.AreEqual(4, reader.Rows);
        Assert.AreEqual(2, reader.EmptyRows);
    }

    [TestMethod]
    public void A_tokenizer_is_trained_on_a_column_and_says_what_it_skipped()
    {
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(View("the cat and the hat", "", "the bat"), "Text", vocabularySize: 270);
        Assert.AreEqual("the hat", tokenizer.Decode(tokenizer.EncodeToIds("the hat")));
        Assert.IsTrue(log.Exists(line => line.Contains("1 of 3 rows", StringComparison.Ordinal)));
        Assert.Throws<ArgumentException>(() => ml.Llm.Tokenizers.TrainBytePairEncoding(View("a"), "Text", vocabularySize: 100));
        Assert.Throws<DataFormatException>(() => ml.Llm.Tokenizers.TrainBytePairEncoding(View(""), "Text", vocabularySize: 300));
        Assert.AreEqual("Txt", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Tokenizers.TrainBytePairEncoding(View("a"), new(), "Txt")).Column);
    }

    [TestMethod]
    public void Every_kind_of_tokenizer_is_trained_on_a_column()
    {
        var view = View("the cat and the hat", "the bat and the cat");
        foreach (var tokenizer in new[]
        {
            ml.Llm.Tokenizers.TrainBytePairEncoding(view, new BytePairEncodingOptions { VocabularySize = 40, ByteLevel = false }),
            ml.Llm.Tokenizers.TrainUnigram(view, "Text", vocabularySize: 40),
            ml.Llm.Tokenizers.TrainNewLike(ml.Llm.Tokenizers.TrainUnigram(View("abc that dab nob ache"), "Text", 40), view, "Text", 40),
        })
        {
            Assert.AreEqual("the hat", tokenizer.Decode(tokenizer.EncodeToIds("the hat")));
        }

        var pieces = ml.Llm.Tokenizers.TrainWordPiece(view, "Text", vocabularySize: 40);
        Assert.AreEqual("the hat", pieces.Decode(pieces.EncodeToIds("The hat"), skipSpecialTokens: true));
        var words = ml.Llm.Tokenizers.TrainWordLevel(view, "Text", vocabularySize: 3);
        Assert.AreSequenceEqual(["<unk>", "the", "and"], Enumerable.Range(0, words.VocabularySize).Select(id => words.TokenOf(id)!).ToArray());

        var progress = new List<double>();
        ml.Llm.Tokenizers.TrainWordLevel(view, new WordLevelOptions { Progress = progress.Add });
        Assert.AreEqual(1.0, progress[^1]);
        Assert.Throws<OperationCanceledException>(() => ml.Llm.Tokenizers.TrainWordPiece(view, new(), "Text", new CancellationToken(canceled: true)));
    }

    private IDataView View(params string[] texts) => ml.Data.LoadFromEnumerable(texts.Select(text => new Member { Text = text, Namespace = "N" }));

    private static List<string> Texts(IDataView view) => view.GetColumn<string>("Text").ToList();

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private sealed class Member
    {
        public string Text { get; set; } = "";

        public string Namespace { get; set; } = "";
    }
}
