using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Generation;
using Ml.Llm.Transforms.Tests.Generation;

namespace Ml.Llm.Transforms.Tests.Persistence;

[TestClass]
public sealed class SaveLoadTests
{
    private static readonly string[] Prompts = ["  The   Cat ", "the mat\r\nand", "a bat"];

    private readonly MLContext ml = new(seed: 1);
    private string folder = "";

    [TestInitialize]
    public void Start() => folder = Directory.CreateTempSubdirectory("mlllm-zip-").FullName;

    [TestCleanup]
    public void Finish() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void A_chain_opens_in_another_process_that_registers_nothing()
    {
        var data = View(Prompts);
        using var model = new LanguageModelTransformer(
            ml, TinyModel.Create(), new GenerationColumns(), new() { MaxNewTokens = 12, StopStrings = ["zzz"] }, ownsModel: true, "{\"precision\":\"fp32\"}");
        var before = ml.Transforms.Text.NormalizeText("Lower", "Text")
            .Append(ml.Llm.Transforms.CleanText("Text", "Lower")).Fit(data);
        var middle = before.Transform(data);
        var after = ml.Transforms.CopyColumns("Copy", "GeneratedText")
            .Append(ml.Transforms.Text.FeaturizeText("Features", "Copy")).Fit(model.Transform(middle));
        var chain = new TransformerChain<ITransformer>(before, model, after);
        var view = chain.Transform(data);
        var expected = view.GetColumn<string>("GeneratedText").ToList();
        var features = view.GetColumn<float[]>("Features").ToList();
        ml.Model.Save(chain, data.Schema, ZipPath());

        var rows = OtherProcess.Read(ZipPath(), ["Text", "GeneratedText", "Copy", "Features"], Prompts);
        Assert.AreSequenceEqual(["the cat", "the mat\nand", "a bat"], rows.Select(row => row[0].GetString()!));
        Assert.AreSequenceEqual(expected, rows.Select(row => row[1].GetString()!));
        Assert.AreSequenceEqual(expected, rows.Select(row => row[2].GetString()!));
        for (var i = 0; i < rows.Count; i++)
            Assert.AreSequenceEqual(features[i], rows[i][3].EnumerateArray().Select(value => value.GetSingle()));
    }

    [TestMethod]
    public void A_loaded_transformer_has_its_options_and_saves_again()
    {
        var options = new GenerationOptions { MaxNewTokens = 5, DoSample = true, Temperature = 0.8, TopP = 0.9, Seed = 3, StopStrings = ["a", "b"], BatchSize = 2 };
        Save(new GenerationColumns { TextColumnName = "Text", OutputColumnName = "Out", SeedColumnName = "Seed" }, options, "{\"x\":1}");
        using var loaded = (LanguageModelTransformer)ml.Model.Load(ZipPath(), out _);
        Assert.AreEqual(options with { StopStrings = loaded.Generation.StopStrings }, loaded.Generation);
        Assert.AreSequenceEqual(options.StopStrings, loaded.Generation.StopStrings);
        Assert.AreEqual("Seed", loaded.Columns.SeedColumnName);
        Assert.AreEqual("{\"x\":1}", loaded.TrainingFacts);
        var texts = loaded.Transform(View("the cat", "the mat")).GetColumn<string>("Out").ToList();
        var second = Path.Combine(folder, "second.zip");
        ml.Model.Save(loaded, View("a").Schema, second);
        using var again = (LanguageModelTransformer)ml.Model.Load(second, out _);
        Assert.AreSequenceEqual(texts, again.Transform(View("the cat", "the mat")).GetColumn<string>("Out").ToList());
    }

    [TestMethod]
    public void The_folder_inside_is_byte_equal_in_every_culture_and_to_the_folder_saved_without_a_zip()
    {
        var culture = CultureInfo.CurrentCulture;
        using var model = TinyModel.Create();
        model.SaveHuggingFace(Path.Combine(folder, "plain"));
        var plain = ReadFolder("plain");
        foreach (var name in new[] { "config.json", "model.safetensors", "tokenizer.json" })
            Assert.Contains(name, plain.Keys);
        try
        {
            foreach (var name in new[] { "tr-TR", "de-DE" })
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
                Save(new GenerationColumns(), new() { Temperature = 0.5 });
                LanguageModel.ExtractFromModelZip(ZipPath(), Path.Combine(folder, name));
                var files = ReadFolder(name);
                Assert.AreSequenceEqual(plain.Keys, files.Keys);
                foreach (var (file, bytes) in plain)
                    Assert.AreSequenceEqual(bytes, files[file], file);
                using var loaded = (LanguageModelTransformer)ml.Model.Load(ZipPath(), out _);
                Assert.AreEqual(0.5, loaded.Generation.Temperature);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        using var taken = LanguageModel.FromPretrained(Path.Combine(folder, "de-DE"));
        Assert.AreEqual(model.Generate(["the cat"])[0], taken.Generate(["the cat"])[0]);
    }

    [TestMethod]
    public void Chat_templates_in_files_of_their_own_go_through_every_zip()
    {
        using var made = TinyModel.Create();
        var ours = (LanguageModelTokenizer)made.Tokenizer!;
        var files = ours.ToFiles().ToDictionary(static file => file.Name, static file => file.Content);
        (files["chat_template.jinja"], files["additional_chat_templates/tool_use.jinja"]) = ("plain"u8.ToArray(), "tools\n"u8.ToArray());
        var tokenizer = LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "", names: files.Keys);
        var model = new LanguageModelTransformer(ml, LanguageModel.Create(made.Config, tokenizer), new GenerationColumns(), new(), ownsModel: true);
        using var chain = new TransformerChain<ITransformer>(ml.Llm.Transforms.EncodeTokens(tokenizer).Fit(View("a")), model);
        ml.Model.Save(chain, View("a").Schema, ZipPath());

        using var loaded = (TransformerChain<ITransformer>)ml.Model.Load(ZipPath(), out _);
        var parts = loaded.ToArray();
        Assert.AreSequenceEqual(["default", "tool_use"], ((LanguageModelTokenizer)((EncodeTokensTransformer)parts[0]).Tokenizer).ChatTemplateNames);
        Assert.AreSequenceEqual(["default", "tool_use"], ((LanguageModelTokenizer)((LanguageModelTransformer)parts[1]).Model.Tokenizer!).ChatTemplateNames);

        LanguageModel.ExtractFromModelZip(ZipPath(), Path.Combine(folder, "out"));
        Assert.AreEqual("tools\n", File.ReadAllText(Path.Combine(folder, "out", "additional_chat_templates", "tool_use.jinja")));
        Assert.AreSequenceEqual(["default", "tool_use"], LanguageModelTokenizer.FromPretrained(Path.Combine(folder, "out")).ChatTemplateNames);
    }

    [TestMethod]
    public void A_zip_of_a_newer_format_is_refused_with_both_numbers()
    {
        Save(new GenerationColumns(), new());
        Change("Model.key", bytes =>
        {
            // The format number stands in front of the component's kind.
            var at = bytes.AsSpan().IndexOf("\u000DLanguageModel"u8) - sizeof(int);
            Assert.AreEqual(1, BitConverter.ToInt32(bytes, at));
            BitConverter.TryWriteBytes(bytes.AsSpan(at), 77);
            return bytes;
        });
        var error = LanguageModelTransformerTests.Find<ModelFormatException>(Assert.Throws<Exception>(() => ml.Model.Load(ZipPath(), out _)));
        Assert.Contains("77", error.Message);
        Assert.Contains("up to 1", error.Message);
    }

    [TestMethod]
    [DataRow("model.safetensors")]
    [DataRow("config.json")]
    [DataRow("tokenizer.json")]
    public void A_damaged_file_inside_is_a_typed_error(string file)
    {
        Save(new GenerationColumns(), new());
        Change(file, bytes => bytes[..(bytes.Length / 2)]);
        LanguageModelTransformerTests.Find<ModelFormatException>(Assert.Throws<Exception>(() => ml.Model.Load(ZipPath(), out _)));
    }

    [TestMethod]
    public void A_missing_file_inside_and_something_that_is_no_zip_are_errors()
    {
        Save(new GenerationColumns(), new());
        using (var zip = ZipFile.Open(ZipPath(), ZipArchiveMode.Update))
            zip.Entries.Single(entry => entry.Name == "model.safetensors").Delete();
        var error = LanguageModelTransformerTests.Find<ModelFormatException>(Assert.Throws<Exception>(() => ml.Model.Load(ZipPath(), out _)));
        Assert.Contains("model.safetensors", error.Message);
        File.WriteAllText(ZipPath(), "no zip");
        Assert.Throws<Exception>(() => ml.Model.Load(ZipPath(), out _));
        Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.ExtractFromModelZip(ZipPath(), Path.Combine(folder, "out")));
    }

    [TestMethod]
    public void Several_models_in_a_zip_are_listed_and_taken_by_index()
    {
        var one = new LanguageModelTransformer(ml, TinyModel.Create(1), new GenerationColumns { OutputColumnName = "One" }, new(), ownsModel: true);
        var two = new LanguageModelTransformer(ml, TinyModel.Create(2), new GenerationColumns { OutputColumnName = "Two" }, new(), ownsModel: true);
        using var chain = new TransformerChain<ITransformer>(one, two);
        ml.Model.Save(chain, View("a").Schema, ZipPath());
        var target = Path.Combine(folder, "out");
        var error = Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.ExtractFromModelZip(ZipPath(), target));
        Assert.Contains("2 models", error.Message);
        Assert.IsFalse(Directory.Exists(target));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LanguageModel.ExtractFromModelZip(ZipPath(), target, index: 2));
        LanguageModel.ExtractFromModelZip(ZipPath(), target, index: 1);
        using var taken = LanguageModel.FromPretrained(target);
        Assert.AreEqual(two.Model.Generate(["the cat"])[0], taken.Generate(["the cat"])[0]);
        Assert.ThrowsExactly<IOException>(() => LanguageModel.ExtractFromModelZip(ZipPath(), target, index: 0)); // not empty any more
    }

    private string ZipPath() => Path.Combine(folder, "modèle.zip");

    private IDataView View(params string[] texts) => ml.Data.LoadFromEnumerable(texts.Select(text => new Prompt { Text = text }));

    private void Save(GenerationColumns columns, GenerationOptions options, string? facts = null)
    {
        using var transformer = new LanguageModelTransformer(ml, TinyModel.Create(), columns, options, ownsModel: true, facts);
        ml.Model.Save(transformer, View("a").Schema, ZipPath());
    }

    private void Change(string name, Func<byte[], byte[]> change)
    {
        using var zip = ZipFile.Open(ZipPath(), ZipArchiveMode.Update);
        var entry = zip.Entries.Single(entry => entry.Name == name);
        var bytes = new MemoryStream();
        using (var source = entry.Open())
            source.CopyTo(bytes);
        var path = entry.FullName;
        entry.Delete();
        using var target = zip.CreateEntry(path).Open();
        target.Write(change(bytes.ToArray()));
    }

    private SortedDictionary<string, byte[]> ReadFolder(string name) => new(
        Directory.GetFiles(Path.Combine(folder, name)).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes), StringComparer.Ordinal);
}
