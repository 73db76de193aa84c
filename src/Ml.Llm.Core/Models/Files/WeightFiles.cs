using Ml.Llm.Checkpoints;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>The weights of a model in one safetensors file or several, checked against a configuration before anything is allocated.</summary>
internal sealed class WeightFiles : IDisposable
{
    private const int PointerLength = 24;
    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> tensors = [];
    private readonly ModelConfig config;
    private readonly string place;

    private WeightFiles(ModelConfig config, string place)
    {
        this.config = config;
        this.place = place;
    }

    /// <summary>Opens and checks the weights.</summary>
    /// <param name="config">What the model is made of.</param>
    /// <param name="open">Gives a file by its name, or null; the stream must seek.</param>
    /// <param name="place">The folder, for messages.</param>
    /// <exception cref="ModelFormatException">Weights are not there, broken, or those of another configuration.</exception>
    internal static WeightFiles Open(ModelConfig config, Func<string, Stream?> open, string place)
    {
        var weights = new WeightFiles(config, place);
        try
        {
            weights.OpenAll(open);
            weights.Check();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Reads the weights into a model of the same configuration, widening half types.</summary>
    internal void Load(DecoderModel network)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        foreach (var (name, value) in ModelTensors.Values(config, network))
        {
            var (file, entry) = tensors[name];
            file.ReadInto(entry.Name, value);
        }

        if (config.TieWordEmbeddings && tensors.TryGetValue(WeightNames.Head, out var head))
        {
            var repeated = head.File.Read(head.Entry.Name).to(ScalarType.Float32);
            if (repeated.ne(network.Parameters["embed_tokens"].Value).any().item<bool>())
            {
                throw new ModelFormatException(head.File.Name,
                    $"{head.Entry.Name} differs from {config.WeightNames.Embedding}, though tie_word_embeddings says that they are one. Set it to false in {ModelFileNames.Config} if the head is one of its own.");
            }
        }

        network.Parameters.RefreshCompute();
    }

    public void Dispose()
    {
        foreach (var file in files)
            file.Dispose();
        files.Clear();
    }

    private void OpenAll(Func<string, Stream?> open)
    {
        if (open(ModelFileNames.Weights) is { } single)
        {
            Add(OpenFile(single, ModelFileNames.Weights), null, ModelFileNames.Weights);
            return;
        }

        if (open(ModelFileNames.ShardIndex) is { } stream)
        {
            var index = ShardIndex.Read(stream.ReadToEnd(Name(ModelFileNames.ShardIndex)), Name(ModelFileNames.ShardIndex));
            foreach (var shard in index.Shards)
            {
                var part = open(shard) ?? throw new ModelFormatException(index.File, $"the shard {shard} is missing from the folder.");
                Add(OpenFile(part, shard), index, shard);
            }

            foreach (var (tensor, shard) in index.ShardOf)
            {
                if (files.Exists(file => file.Name == Name(shard) && !file.Entries.ContainsKey(tensor)))
                    throw new ModelFormatException(index.File, $"the tensor {tensor} is missing: {shard}, where it should be, does not hold it.");
            }

            return;
        }

        foreach (var pickle in ModelFileNames.Pickles)
        {
            using var found = open(pickle);
            if (found is not null)
                throw new ModelFormatException(Name(pickle), "this is a pickle, which can run code and is never read. Convert it to model.safetensors first, with Hugging Face's tools.");
        }

        throw new ModelFormatException(place, $"there are no weights: neither {ModelFileNames.Weights} nor {ModelFileNames.ShardIndex} is there.");
    }

    private SafetensorsFile OpenFile(Stream stream, string name)
    {
        try
        {
            Span<byte> start = stackalloc byte[PointerLength];
            var got = stream.ReadAtLeast(start, PointerLength, throwOnEndOfStream: false);
            if (start[..got].StartsWith("version https://git-lfs"u8))
                throw new ModelFormatException(Name(name), "this is a Git LFS pointer in place of the weights. Fetch the file itself, with git lfs pull.");
            stream.Position = 0;
            var file = SafetensorsFile.Open(stream, Name(name));
            files.Add(file);
            return file;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private void Add(SafetensorsFile file, ShardIndex? index, string shard)
    {
        foreach (var entry in file.Entries.Values)
        {
            if (config.WeightNames.Canonical(entry.Name) is not { } name)
                continue;
            if (index is not null && !index.ShardOf.ContainsKey(entry.Name))
                throw new ModelFormatException(file.Name, $"the tensor {entry.Name} is not listed in {ModelFileNames.ShardIndex}.");
            if (!tensors.TryAdd(name, (file, entry)))
                throw new ModelFormatException(file.Name, $"the tensor {entry.Name} is there twice: {tensors[name].File.Name} holds {tensors[name].Entry.Name}.");
            if (index is not null && index.ShardOf[entry.Name] != shard)
                throw new ModelFormatException(file.Name, $"the tensor {entry.Name} is there twice, or in the wrong shard: the index says {index.ShardOf[entry.Name]}.");
        }
    }

    private void Check()
    {
        var expected = new HashSet<string>();
        foreach (var weight in config.WeightNames.All(config.ToShape()))
        {
            expected.Add(weight.Name);
            if (!tensors.TryGetValue(weight.Name, out var found))
                throw new ModelFormatException(files.Count == 1 ? files[0].Name : place, $"the tensor {weight.Name} is missing; {ModelFileNames.Config} needs it.");
            CheckTensor(found.File, found.Entry, weight.Shape);
        }

        foreach (var (name, (file, entry)) in tensors)
        {
            if (expected.Contains(name))
                continue;
            if (name == WeightNames.Head && config.TieWordEmbeddings)
                CheckTensor(file, entry, [config.VocabSize, config.HiddenSize]);
            else
                throw new ModelFormatException(file.Name, $"the tensor {entry.Name} is unexpected: a {config.CausalClass} with this {ModelFileNames.Config} has no place for it.");
        }
    }

    private static void CheckTensor(SafetensorsFile file, SafetensorsEntry entry, long[] shape)
    {
        if (!entry.Shape.SequenceEqual(shape))
        {
            throw new ModelFormatException(file.Name,
                $"the tensor {entry.Name} has the wrong shape {entry.ShapeText}: {ModelFileNames.Config} asks for {SafetensorsEntry.ShapeToText(shape)}.");
        }

        if (!entry.DType.WidensToFloat())
            throw new ModelFormatException(file.Name, $"the tensor {entry.Name} is of type {entry.DType.Code()}; weights must be F32, BF16, F16 or F64.");
    }

    private string Name(string file) => Path.Combine(place, file);
}
