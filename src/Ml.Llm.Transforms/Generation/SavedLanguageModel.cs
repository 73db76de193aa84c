using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using Ml.Llm.Persistence;

namespace Ml.Llm.Generation;

/// <summary>How a <see cref="LanguageModelTransformer"/> lies in ML.NET's zip: its settings, and its model as a Hugging Face folder.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class SavedLanguageModel
{
    /// <summary>The kind in the main stream.</summary>
    public const string Kind = "LanguageModel";

    private const string Folder = "model/";

    /// <summary>Writes a transformer.</summary>
    public static void Save(ModelSaveContext context, LanguageModelTransformer transformer)
    {
        var names = new List<string>();
        transformer.Model.WriteFiles((name, _) => names.Add(name));
        var settings = new Settings
        {
            Columns = transformer.Columns,
            Generation = transformer.Generation,
            TrainingFacts = transformer.TrainingFacts,
            Files = names,
        };
        ComponentZip.Save(context, Kind, JsonSerializer.Serialize(settings), streams =>
            transformer.Model.WriteFiles((name, write) => streams.Write(Folder + name, write)));
    }

    /// <summary>Reads a transformer.</summary>
    /// <exception cref="ModelFormatException">The zip is damaged.</exception>
    public static LanguageModelTransformer Load(IHostEnvironment environment, string json, ComponentStreams streams)
    {
        var settings = ComponentSettings.Read<Settings>(json);
        var model = streams.ReadAll(
            [.. settings.Files.Select(name => Folder + name)],
            open => LanguageModel.ReadFiles(
                name => open.TryGetValue(Folder + name, out var stream) ? new BorrowedStream(stream) : null, settings.Files, ComponentZip.DisplayName));
        return new LanguageModelTransformer(environment, model, settings.Columns, settings.Generation, ownsModel: true, settings.TrainingFacts);
    }

    private sealed record Settings
    {
        public required GenerationColumns Columns { get; init; }

        public required GenerationOptions Generation { get; init; }

        public required IReadOnlyList<string> Files { get; init; }

        public string? TrainingFacts { get; init; }
    }
}
