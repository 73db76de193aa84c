using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Cleaning;

namespace Ml.Llm.Transforms.Tests.Data;

[TestClass]
public sealed class CleanTextTests
{
    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    [DataRow("plain text", "plain text")]
    [DataRow("  a \t b\u00A0\u3000c  ", "a b c")]
    [DataRow("a\r\nb\rc\u0085d\u2028e\u2029f", "a\nb\nc\nd\ne\nf")]
    [DataRow("\n\n a \n \n\n\n   b\n", "a\n\nb")]
    [DataRow("nul\0 bell\a\u001B esc\uFEFF", "nul bell esc")]
    [DataRow("e\u0301 \uD83D\uDE00", "é \uD83D\uDE00")]
    [DataRow("", "")]
    [DataRow(" \n\t ", "")]
    public void Cleans_as_documented(string text, string expected) =>
        Assert.AreEqual(expected, new TextCleaner(new CleanTextOptions()).Clean(text));

    [TestMethod]
    public void Unpaired_surrogates_go() => // not a data row, since attributes cannot hold them
        Assert.AreEqual("lone", new TextCleaner(new CleanTextOptions()).Clean("\uDE00lone\uD83D"));

    [TestMethod]
    public void Indentation_stays_and_lines_join_where_asked()
    {
        const string Code = "if (x)\r\n    y();  \n\n\n\nz();";
        Assert.AreEqual("if (x)\n    y();\n\nz();", new TextCleaner(new CleanTextOptions { CollapseSpaces = false }).Clean(Code));
        Assert.AreEqual("if (x) y(); z();", new TextCleaner(new CleanTextOptions { MaximumLineBreaks = 0 }).Clean(Code));
        Assert.AreEqual("e\u0301", new TextCleaner(new CleanTextOptions { NormalizeUnicode = false }).Clean("e\u0301"));
    }

    [TestMethod]
    public void Cleaning_a_clean_text_changes_nothing()
    {
        var cleaner = new TextCleaner(new CleanTextOptions());
        var once = cleaner.Clean("  one\u0301 \r\n\r\n\r\n two\t\tthree \0 ");
        Assert.AreEqual(once, cleaner.Clean(once));
    }

    [TestMethod]
    public void The_estimator_tells_its_shape_and_hides_the_input_under_its_own_name()
    {
        var data = ml.Data.LoadFromEnumerable([new Row { Text = "  a  ", Number = 7 }]);
        var pipeline = ml.Llm.Transforms.CleanText("Text").Append(ml.Transforms.Text.TokenizeIntoWords("Words", "Text"));
        var view = pipeline.Fit(data).Transform(data);
        Assert.AreEqual("a", view.GetColumn<string>("Text").Single());
        Assert.AreEqual(7f, view.GetColumn<float>("Number").Single());
        Assert.AreSequenceEqual(["a"], view.GetColumn<string[]>("Words").Single());
    }

    [TestMethod]
    public void Bad_columns_and_options_are_refused()
    {
        var data = ml.Data.LoadFromEnumerable([new Row()]);
        Assert.AreEqual("None", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Transforms.CleanText("Out", "None").Fit(data)).Column);
        Assert.AreEqual("Number", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Transforms.CleanText("Out", "Number").Fit(data)).Column);
        // In a chain the schema shape is asked before any data is read.
        Assert.AreEqual("Number", Assert.ThrowsExactly<DataFormatException>(() =>
            ml.Transforms.CopyColumns("Copy", "Text").Append(ml.Llm.Transforms.CleanText("Out", "Number")).Fit(data)).Column);
        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.CleanText(new() { MaximumLineBreaks = -1 }));
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public float Number { get; set; }
    }
}
