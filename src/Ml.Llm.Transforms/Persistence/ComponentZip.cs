extern alias mlcore;

using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using Ml.Llm.Generation;
using Ml.Llm.Persistence;
using MlCore = mlcore::Microsoft.ML;

[assembly: MlCore.LoadableClass(typeof(ITransformer), typeof(ComponentZip), null, typeof(MlCore.SignatureLoadModel), "", ComponentZip.LoaderSignature)]

namespace Ml.Llm.Persistence;

/// <summary>
/// Saves and loads transformers of ours in ML.NET's model zip. ML.NET notes the name of this assembly and the loader's
/// signature beside each part; at load it finds <see cref="Create"/> by them, so that users register nothing.
/// </summary>
/// <remarks>
/// *** Binary format of the main stream ***
/// int: our format number, checked before anything else
/// string: the kind of the component
/// string: its settings as JSON
/// Then named streams beside it; a model is a Hugging Face folder of them, such as model/config.json.
/// </remarks>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class ComponentZip
{
    /// <summary>What ML.NET looks the loader up by. It never changes.</summary>
    public const string LoaderSignature = "MlLlmTransformer";

    /// <summary>The number of the format that is written, and the highest that is read.</summary>
    public const int FormatNumber = 1;

    /// <summary>What error messages call the place.</summary>
    public const string DisplayName = "The model zip";

    private const string ModelSignature = "MLLLMTRN";

    // ML.NET's own version stays the same for good: our number tells versions apart, with an error that says more.
    private const uint MlNetVersion = 0x00010001;

    /// <summary>Writes a component where ML.NET's Save asks for it.</summary>
    /// <param name="context">What ML.NET handed in.</param>
    /// <param name="kind">The kind of the component; <see cref="Create"/> must know it.</param>
    /// <param name="settings">The component's settings as JSON.</param>
    /// <param name="streams">Writes the named streams, if there are any.</param>
    public static void Save(ModelSaveContext context, string kind, string settings, Action<ComponentStreams>? streams = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        var inner = (MlCore.ModelSaveContext)(object)context;
        inner.CheckAtModel();
        inner.SetVersionInfo(Version());
        inner.Writer.Write(FormatNumber);
        inner.Writer.Write(kind);
        inner.Writer.Write(settings);
        streams?.Invoke(new ComponentStreams(inner));
    }

    /// <summary>Reads a component; ML.NET calls it.</summary>
    /// <param name="environment">ML.NET's environment.</param>
    /// <param name="context">Where the component's streams are.</param>
    /// <exception cref="ModelFormatException">The zip was written by a newer Ml.Llm, or holds something unknown.</exception>
    public static ITransformer Create(IHostEnvironment environment, MlCore.ModelLoadContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.CheckAtModel(Version());
        var format = context.Reader.ReadInt32();
        if (format is < 1 or > FormatNumber)
        {
            throw new ModelFormatException(DisplayName, string.Create(CultureInfo.InvariantCulture,
                $"its format number is {format}, and this Ml.Llm reads up to {FormatNumber}. It was written by a newer version: update the package Ml.Llm.Trainers, or save the model with this version."));
        }

        var kind = context.Reader.ReadString();
        var settings = context.Reader.ReadString();
        var streams = new ComponentStreams(context);
        return kind switch
        {
            SavedLanguageModel.Kind => SavedLanguageModel.Load(environment, settings, streams),
            CleanTextTransformer.Kind => CleanTextTransformer.Load(settings),
            EncodeTokensTransformer.Kind => EncodeTokensTransformer.Load(environment, settings, streams),
            ApplyChatTemplateTransformer.Kind => ApplyChatTemplateTransformer.Load(settings, streams),
            DecodeTokensTransformer.Kind => DecodeTokensTransformer.Load(settings, streams),
            _ => throw new ModelFormatException(DisplayName, $"it holds a component of the unknown kind '{kind}'. Update the package Ml.Llm.Trainers."),
        };
    }

    private static MlCore.VersionInfo Version() => new(
        ModelSignature, MlNetVersion, MlNetVersion, MlNetVersion, typeof(ComponentZip).Assembly.GetName().Name!, LoaderSignature);
}
