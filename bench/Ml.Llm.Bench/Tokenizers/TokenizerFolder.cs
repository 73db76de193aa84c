using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Bench.Training;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>
/// What the tokenizer jobs and their peers read, made once in a folder: tokenizers that our trainers made on the
/// documentation, documents of 4 KB to encode, and texts to train on.
/// </summary>
internal sealed class TokenizerFolder
{
    /// <summary>The tokenizers, each in a folder of that name.</summary>
    internal static readonly string[] Kinds = ["bpe", "wordpiece", "unigram"];

    private const int DocumentCharacters = 4096;
    private const int MostDocuments = 8192;
    private const long TrainingBytes = 100_000_000;
    private const long UnigramTrainingBytes = 20_000_000;

    private TokenizerFolder(string path) => Path = path;

    internal string Path { get; }

    /// <summary>Makes what is not there yet.</summary>
    internal static TokenizerFolder Prepare(string path)
    {
        Directory.CreateDirectory(path);
        var folder = new TokenizerFolder(System.IO.Path.GetFullPath(path));
        var ml = new MLContext(seed: 1);
        var data = DocumentationTokens.Load(ml);
        folder.Make("documents.jsonl", file => WriteDocuments(file, Texts(data.TestSet).Concat(Texts(data.TrainSet))));
        folder.Make("train-100.txt", file => WriteTraining(file, data.TrainSet, TrainingBytes));
        folder.Make("train-20.txt", file => WriteTraining(file, data.TrainSet, UnigramTrainingBytes));
        folder.Make("bpe", file => Save(ml.Llm.Tokenizers.TrainBytePairEncoding(data.TrainSet, DocumentationTokens.Column, 50_000), file));
        folder.Make("wordpiece", file => Save(ml.Llm.Tokenizers.TrainWordPiece(data.TrainSet, DocumentationTokens.Column, 30_000), file));
        folder.Make("unigram", file => Save(ml.Llm.Tokenizers.TrainUnigram(data.TrainSet, DocumentationTokens.Column, 32_000), file));
        return folder;
    }

    /// <summary>The path of something in the folder.</summary>
    internal string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The documents, and how many UTF-8 bytes they have.</summary>
    internal (string[] Texts, long Bytes) Documents()
    {
        string[] texts = [.. File.ReadLines(At("documents.jsonl")).Select(static line => JsonSerializer.Deserialize<string>(line)!)];
        return (texts, texts.Sum(static text => (long)Encoding.UTF8.GetByteCount(text)));
    }

    private static IEnumerable<string> Texts(IDataView view) => view.GetColumn<string>(DocumentationTokens.Column);

    private static void WriteDocuments(string file, IEnumerable<string> texts)
    {
        using var writer = new StreamWriter(file);
        var document = new StringBuilder();
        var count = 0;
        foreach (var text in texts)
        {
            document.Append(text).Append('\n');
            if (document.Length < DocumentCharacters)
                continue;
            writer.WriteLine(JsonSerializer.Serialize(document.ToString(0, DocumentCharacters)));
            document.Clear();
            if (++count == MostDocuments)
                return;
        }
    }

    private static void WriteTraining(string file, IDataView view, long bytes)
    {
        using var stream = File.Create(file);
        while (stream.Length < bytes)
        {
            foreach (var text in Texts(view))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.WriteByte((byte)'\n');
                if (stream.Length >= bytes)
                    return;
            }
        }
    }

    private static void Save(LanguageModelTokenizer tokenizer, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in tokenizer.ToFiles())
            File.WriteAllBytes(System.IO.Path.Combine(folder, name), content);
        // The forms that Microsoft.ML.Tokenizers reads.
        using var json = JsonDocument.Parse(tokenizer.ToJsonBytes());
        var model = json.RootElement.GetProperty("model");
        if (model.TryGetProperty("merges", out var merges))
        {
            File.WriteAllLines(System.IO.Path.Combine(folder, "merges.txt"), merges.EnumerateArray().Select(static pair => $"{pair[0].GetString()} {pair[1].GetString()}"));
            File.WriteAllText(System.IO.Path.Combine(folder, "vocab.json"), model.GetProperty("vocab").GetRawText());
        }
        else if (model.GetProperty("type").GetString() == "WordPiece")
        {
            File.WriteAllLines(System.IO.Path.Combine(folder, "vocab.txt"), model.GetProperty("vocab").EnumerateObject().OrderBy(static token => token.Value.GetInt32()).Select(static token => token.Name));
        }
    }

    // Whole or not at all: made beside, then moved into place.
    private void Make(string name, Action<string> make)
    {
        var path = At(name);
        if (File.Exists(path) || Directory.Exists(path))
            return;
        Console.Error.WriteLine($"Making {name} ...");
        var half = path + ".half";
        if (Directory.Exists(half))
            Directory.Delete(half, recursive: true);
        make(half);
        if (Directory.Exists(half))
            Directory.Move(half, path);
        else
            File.Move(half, path, overwrite: true);
    }
}
