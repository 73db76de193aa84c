extern alias mlcore;

using MlCore = mlcore::Microsoft.ML;

namespace Ml.Llm.Persistence;

/// <summary>The named streams of a component in ML.NET's zip; '/' in a name makes folders.</summary>
/// <remarks>A stream that is read lies in a temporary file, seekable, for the length of the call: nothing is held in memory.</remarks>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class ComponentStreams
{
    private readonly MlCore.ModelSaveContext? saving;
    private readonly MlCore.ModelLoadContext? loading;

    /// <summary>The streams of a component that is saved.</summary>
    public ComponentStreams(MlCore.ModelSaveContext context) => saving = context;

    /// <summary>The streams of a component that is loaded.</summary>
    public ComponentStreams(MlCore.ModelLoadContext context) => loading = context;

    /// <summary>Writes a stream.</summary>
    public void Write(string name, Action<Stream> write) => saving!.SaveBinaryStream(name, writer =>
    {
        writer.Flush();
        write(writer.BaseStream);
    });

    /// <summary>Reads a stream.</summary>
    /// <exception cref="ModelFormatException">There is none of that name.</exception>
    public void Read(string name, Action<Stream> read)
    {
        if (!loading!.TryLoadBinaryStream(name, reader => read(reader.BaseStream)))
            throw new ModelFormatException(ComponentZip.DisplayName, $"'{name}' is missing. The zip is damaged: save the model again.");
    }

    /// <summary>Opens several streams at once for the length of a call.</summary>
    /// <exception cref="ModelFormatException">One of them is missing.</exception>
    public TResult ReadAll<TResult>(IReadOnlyList<string> names, Func<IReadOnlyDictionary<string, Stream>, TResult> read)
    {
        var open = new Dictionary<string, Stream>();
        TResult result = default!;
        Open(0);
        return result;

        void Open(int index)
        {
            if (index == names.Count)
            {
                result = read(open);
                return;
            }

            Read(names[index], stream =>
            {
                open.Add(names[index], stream);
                Open(index + 1);
            });
        }
    }
}
