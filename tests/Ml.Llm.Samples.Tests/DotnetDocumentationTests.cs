using Microsoft.ML;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Ml.Llm.Samples.Tests;

[TestClass]
public sealed class DotnetDocumentationTests
{
    private const string Shelf = """
        <?xml version="1.0"?>
        <doc><assembly><name>Library</name></assembly><members>
          <member name="T:Library.Shelf`1"><summary>A shelf of <typeparamref name="TBook" /> that <see langword="null" />
             cannot be put on.</summary><typeparam name="TBook">The kind of book.</typeparam></member>
          <member name="M:Library.Shelf`1.#ctor(System.Int32)"><summary>Makes a <see cref="T:Library.Shelf`1" />.</summary><param name="width">In books.</param></member>
          <member name="M:Library.Shelf`1.Find``1(System.Func{`0,System.Nullable{System.Int32}},``0[],System.Int32@)">
            <summary>Finds.</summary><typeparam name="TKey">The key.</typeparam>
            <param name="by">How.</param><param name="keys">Which.</param><param name="count">Found.</param>
            <returns>What <paramref name="by" /> finds; see <see cref="P:Library.Shelf`1.Width" />.</returns>
            <exception cref="T:System.ArgumentNullException">Never.</exception></member>
          <member name="P:Library.Shelf`1.Item(System.Int32)"><summary>Gets a book.</summary></member>
          <member name="T:Library.Shelf`1.Board"><summary>A board.</summary></member>
          <member name="F:Library.Shelf`1.Board.Length"><summary>In metres.</summary><remarks><list><item><term>A</term><description>b.</description></item></list><para>Second.</para></remarks></member>
          <member name="M:Library.Shelf`1.Inherited"><inheritdoc /></member>
        </members></doc>
        """;

    private readonly string root = Directory.CreateTempSubdirectory("mlllm-docs").FullName;

    [TestCleanup]
    public void Remove() => Directory.Delete(root, recursive: true);

    [TestMethod]
    public void A_member_becomes_a_paragraph_that_starts_with_its_signature_and_has_no_tags()
    {
        var rows = Load(Shelf);

        Assert.AreSequenceEqual(
            new[]
            {
                "Shelf<TBook>\nA shelf of TBook that null cannot be put on.\nTBook: The kind of book.",
                "Shelf<TBook>(int width)\nMakes a Shelf.\nwidth: In books.",
                "Shelf<TBook>.Find<TKey>(Func<TBook, int?> by, TKey[] keys, ref int count)\nFinds.\nTKey: The key.\nby: How.\nkeys: Which.\ncount: Found.\nReturns: What by finds; see Shelf.Width.",
                "Shelf<TBook>.Item[int]\nGets a book.",
                "Shelf<TBook>.Board\nA board.",
                "Shelf<TBook>.Board.Length\nIn metres.\nRemarks: A: b. Second.",
            },
            rows.Select(row => row.Text).ToArray());
        Assert.AreSequenceEqual(new[] { "Type", "Constructor", "Method", "Property", "Type", "Field" }, rows.Select(row => row.Kind).ToArray());
        Assert.IsTrue(rows.TrueForAll(row => row.Namespace == "Library" && row.Text == row.Member + "\n" + row.Description));
    }

    [TestMethod]
    public void Only_the_newest_version_of_a_pack_is_read_and_a_file_that_two_packs_share_once()
    {
        Write("A.Ref/9.0.1/ref/net9.0/old.xml", Shelf);
        Write("A.Ref/10.0.2-rc.1/ref/net10.0/preview.xml", Shelf);
        Write("A.Ref/10.0.2/ref/net10.0/Same.xml", Shelf);
        Write("A.Ref/10.0.2/ref/net10.0/a.xml", Shelf);
        Write("B.Ref/10.0.1/ref/net10.0/Same.xml", Shelf);

        var files = DocumentationFiles.Find(root);

        Assert.AreSequenceEqual(new[] { "Same.xml", "a.xml" }, files.Select(Path.GetFileName).ToArray());
        Assert.IsTrue(files.All(file => file.Contains("10.0.2" + Path.DirectorySeparatorChar, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Without_documentation_the_error_names_the_option_in_one_sentence()
    {
        var error = Assert.ThrowsExactly<CorpusNotFoundException>(() => DotnetDocumentation.Load(new MLContext(), root));

        Assert.Contains("--corpus", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [TestMethod]
    public void A_damaged_file_is_named()
    {
        var error = Assert.ThrowsExactly<DataFormatException>(() => Load(Shelf[..600]));

        Assert.Contains("Shelf.xml", error.Message);
    }

    [TestMethod]
    public void The_documentation_of_this_machine_reads_as_prose_twice_alike()
    {
        if (!DocumentationFiles.TryFind(null, out var files))
            Assert.Inconclusive("This machine has the runtime but not the SDK's documentation.");

        var file = files.Single(path => Path.GetFileName(path) == "System.Collections.xml");
        var first = DotnetDocumentation.Read(file).Select(row => row.Text).ToList();

        Assert.AreSequenceEqual(first, DotnetDocumentation.Read(file).Select(row => row.Text).ToList());
        Assert.IsGreaterThan(500, first.Count);
        Assert.IsTrue(first.TrueForAll(text => !text.Contains('`', StringComparison.Ordinal) && !text.Contains("<see", StringComparison.Ordinal) && !text.Contains("\n\n", StringComparison.Ordinal)));
        Assert.Contains("Stack<T>.Push(T item)\nInserts an object at the top of the Stack.\nitem: The object to push onto the Stack. The value can be null for reference types.", first);
    }

    private List<DocumentedMember> Load(string xml)
    {
        Write("Pack.Ref/10.0.0/ref/net10.0/Shelf.xml", xml);
        var ml = new MLContext();
        return ml.Data.CreateEnumerable<DocumentedMember>(DotnetDocumentation.Load(ml, root), reuseRowObject: false).ToList();
    }

    private void Write(string path, string xml)
    {
        var file = Path.Combine(root, "packs", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, xml);
    }
}
