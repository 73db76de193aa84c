using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Samples;

namespace Ml.Llm.Bench.Training;

/// <summary>The documentation corpus as training jobs use it: without repeated descriptions, whole namespaces held out.</summary>
internal static class DocumentationTokens
{
    internal const string Column = nameof(DocumentedMember.Text);

    internal static TrainTestViews Load(MLContext ml)
    {
        var distinct = ml.Llm.Data.RemoveDuplicates(DotnetDocumentation.Load(ml), nameof(DocumentedMember.Description));
        return ml.Llm.Data.SplitByHash(distinct, nameof(DocumentedMember.Namespace), testFraction: 0.05);
    }

    /// <summary>The first tokens of a set, documents joined by the end of text.</summary>
    /// <exception cref="LlmException">There are fewer.</exception>
    internal static int[] Encode(IDataView texts, LanguageModelTokenizer tokenizer, long count)
    {
        var end = tokenizer.SpecialTokens.Eos ?? throw new LlmException("The tokenizer has no end of text.");
        var ids = new List<int>();
        foreach (var text in texts.GetColumn<string>(Column))
        {
            tokenizer.EncodeInto(text, ids);
            ids.Add(end);
            if (ids.Count >= count)
                return [.. ids.Take((int)count)];
        }

        throw new LlmException($"The documentation has {ids.Count} tokens here, fewer than the {count} asked for: ask for fewer with --tokens.");
    }
}
