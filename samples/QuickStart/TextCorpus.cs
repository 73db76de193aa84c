using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>The text: to train on, held out, and three beginnings to complete.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="TrainSet">To train on.</param>
/// <param name="HeldOutSet">Held out.</param>
/// <param name="Prompts">Beginnings that suit it.</param>
internal sealed record TextCorpus(string Name, IDataView TrainSet, IDataView HeldOutSet, IReadOnlyList<string> Prompts)
{
    /// <summary>The column of text in both sets.</summary>
    internal const string Column = "Text";

    private const double HeldOutFraction = 0.05;

    /// <summary>
    /// The SDK's documentation, where descriptions that stand more than once are kept once and whole namespaces are held out; or
    /// the user's files, cleaned, without equal documents, split by the document.
    /// </summary>
    internal static TextCorpus Load(MLContext ml, string? path, Action<string> tell)
    {
        var told = 0;
        if (path is null)
        {
            var members = DotnetDocumentation.Load(ml);
            var distinct = ml.Llm.Data.RemoveDuplicates(members, nameof(DocumentedMember.Description), Count);
            var split = ml.Llm.Data.SplitByHash(distinct, nameof(DocumentedMember.Namespace), HeldOutFraction);
            return new TextCorpus("the .NET SDK's documentation", split.TrainSet, split.TestSet, Completions.Examples);
        }

        var texts = ml.Llm.Data.LoadText(path);
        var cleaned = ml.Llm.Transforms.CleanText(Column).Fit(texts).Transform(texts);
        var documents = ml.Llm.Data.RemoveDuplicates(cleaned, Column, Count);
        var views = ml.Llm.Data.SplitByHash(documents, Column, HeldOutFraction);
        var prompts = Beginnings(views.TestSet);
        return prompts.Length > 0
            ? new TextCorpus(path, views.TrainSet, views.TestSet, prompts)
            : throw new LlmException($"{path} has too few documents to hold some out (blank lines part documents): give more text.");

        void Count(RowCounts rows)
        {
            if (Interlocked.Exchange(ref told, 1) == 0)
                tell(FormattableString.Invariant($"{rows.Rows:N0} documents read, {rows.LeftOut:N0} left out because an earlier one says the same."));
        }
    }

    // The first words of three documents that the model does not train on.
    private static string[] Beginnings(IDataView heldOut) =>
        [.. heldOut.GetColumn<string>(Column).Select(static text => string.Join(' ', text.Split(' ').Take(6))).Where(static text => text.Length > 0).Take(3)];
}
