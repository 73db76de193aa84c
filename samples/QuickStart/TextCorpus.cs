using Microsoft.ML;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>The text: to train on, held out, and three beginnings to complete.</summary>
internal sealed record TextCorpus(string Name, IDataView TrainSet, IDataView HeldOutSet)
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
            return new TextCorpus("the .NET SDK's documentation", split.TrainSet, split.TestSet);
        }

        var texts = ml.Llm.Data.LoadText(path);
        var cleaned = ml.Llm.Transforms.CleanText(Column).Fit(texts).Transform(texts);
        var documents = ml.Llm.Data.RemoveDuplicates(cleaned, Column, Count);
        var views = ml.Llm.Data.SplitByHash(documents, Column, HeldOutFraction);
        return new TextCorpus(path, views.TrainSet, views.TestSet);

        void Count(RowCounts rows)
        {
            if (Interlocked.Exchange(ref told, 1) == 0)
                tell(FormattableString.Invariant($"{rows.Rows:N0} documents read, {rows.LeftOut:N0} left out because an earlier one says the same."));
        }
    }
}
