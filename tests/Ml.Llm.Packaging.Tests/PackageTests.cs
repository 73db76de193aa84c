using System.IO.Compression;
using System.Xml.Linq;

namespace Ml.Llm.Packaging.Tests;

[TestClass]
public sealed class PackageTests
{
    private static Packed packed = null!;
    private static Lazy<string> consumer = null!;

    [ClassInitialize]
    public static void Pack(TestContext context)
    {
        packed = new Packed();
        consumer = new Lazy<string>(static () => packed.BuildConsumer("consumer", withEngine: true));
    }

    [ClassCleanup]
    public static void Delete() => packed.Dispose();

    [TestMethod]
    [DataRow("Ml.Llm.Core", "Microsoft.ML.Tokenizers TorchSharp")]
    [DataRow("Ml.Llm.Transforms", "Microsoft.ML Ml.Llm.Core")]
    [DataRow("Ml.Llm.Trainers", "Ml.Llm.Transforms")]
    public void Each_package_holds_library_documentation_readme_and_symbols_and_depends_on_what_it_uses(string id, string dependencies)
    {
        var files = Files(id, "nupkg");
        string[] expected = [$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md", $"{id}.nuspec"];
        foreach (var file in expected)
            Assert.Contains(file, files);
        Assert.HasCount(2, files.Where(static file => file.StartsWith("lib/", StringComparison.Ordinal)));
        Assert.Contains($"lib/net10.0/{id}.pdb", Files(id, "snupkg"));

        using var zip = ZipFile.OpenRead(PathOf(id, "nupkg"));
        using var stream = zip.GetEntry($"{id}.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        var found = metadata.Descendants().Where(static element => element.Name.LocalName == "dependency")
            .ToDictionary(static element => element.Attribute("id")!.Value, static element => element.Attribute("version")!.Value);
        Assert.AreEqual(dependencies, string.Join(' ', found.Keys.Order(StringComparer.Ordinal)));
        foreach (var (name, version) in found.Where(static pair => pair.Key.StartsWith("Ml.Llm", StringComparison.Ordinal)))
            Assert.AreEqual(packed.Version, version, name);
        Assert.AreEqual("MIT", metadata.Elements().Single(static element => element.Name.LocalName == "license").Value);
    }

    [TestMethod]
    public void The_core_package_brings_the_file_that_lets_a_program_touch_torch_first()
    {
        var files = Files("Ml.Llm.Core", "nupkg");
        Assert.Contains("buildTransitive/Ml.Llm.Core.targets", files);
        Assert.Contains("buildTransitive/MlLlmEngineInitializer.cs", files);
    }

    [TestMethod]
    public void A_program_that_touches_torch_first_runs() =>
        Assert.AreEqual("6", Run(consumer.Value, "torch-first").Succeeded().Trim());

    [TestMethod]
    public void A_program_trains_and_saves_and_another_process_loads_and_completes_the_same()
    {
        var trained = Run(consumer.Value, "train").Succeeded();
        var completed = Run(consumer.Value, "complete").Succeeded();
        Assert.HasCount(13, completed.Trim().Split('\n'), completed);
        Assert.EndsWith(completed.Trim(), trained.Trim());
        foreach (var file in (string[])["metrics.jsonl", "folder/config.json", "folder/model.safetensors", "folder/tokenizer.json", "out/tokenizer.json"])
            Assert.IsTrue(File.Exists(Path.Combine(Folder(consumer.Value), file)), file);
    }

    [TestMethod]
    public void Without_an_engine_every_entry_point_says_which_package_to_add()
    {
        // The zip is there, so that what is missing is the engine alone.
        var zip = Path.Combine(Folder(consumer.Value), "base.zip");
        if (!File.Exists(zip))
            Run(consumer.Value, "train").Succeeded();
        // TorchSharp looks for libtorch in the user's package cache too: an empty one takes that away.
        var empty = Directory.CreateDirectory(Path.Combine(packed.Folder, "no-packages")).FullName;
        var program = packed.BuildConsumer("engineless", withEngine: false);
        var said = CommandLine.DotNet(Folder(program), new Dictionary<string, string> { ["NUGET_PACKAGES"] = empty }, program, "entry-points", zip).Succeeded().Trim().Split('\n');
        Assert.HasCount(4, said, string.Join('\n', said));
        foreach (var line in said)
        {
            Assert.Contains("EngineNotFoundException", line);
            Assert.Contains("add the package TorchSharp-cpu", line);
        }
    }

    private static string Folder(string program) => Path.GetDirectoryName(Path.GetDirectoryName(program))!;

    private static CommandLine.Result Run(string program, params string[] arguments) =>
        CommandLine.DotNet(Folder(program), Packed.Nothing, [program, .. arguments]);

    private static string PathOf(string id, string kind) => Path.Combine(packed.Packages, $"{id}.{packed.Version}.{kind}");

    private static string[] Files(string id, string kind)
    {
        using var zip = ZipFile.OpenRead(PathOf(id, kind));
        return [.. zip.Entries.Select(static entry => entry.FullName)];
    }
}
