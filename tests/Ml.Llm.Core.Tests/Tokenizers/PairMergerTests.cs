using FsCheck;
using FsCheck.Fluent;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class PairMergerTests
{
    // Symbols 0-2 are letters; each merge makes the next symbol.
    private static readonly MergeTable s_merges = new([(0, 1, 3), (1, 0, 4), (0, 0, 5), (3, 3, 6), (5, 5, 7), (6, 2, 8), (2, 5, 9), (4, 4, 10), (7, 7, 11)]);

    private static readonly Arbitrary<int[]> s_words = Gen.Choose(0, 2).ArrayOf().ToArbitrary();

    [TestMethod]
    public void The_scan_and_the_queue_give_what_the_definition_says() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(PairMerger.ScanLimit), Prop.ForAll(s_words, word =>
        {
            var expected = ByDefinition(word);
            return Run(PairMerger.MergeByScan, word).SequenceEqual(expected) && Run(PairMerger.MergeByQueue, word).SequenceEqual(expected);
        }));

    private delegate int Merger(MergeTable merges, Span<int> ids, Span<int> ends);

    private static List<(int Id, int End)> Run(Merger merger, int[] word)
    {
        var ids = (int[])word.Clone();
        var ends = Enumerable.Range(1, word.Length).ToArray();
        var count = merger(s_merges, ids, ends);
        return ids.Zip(ends).Take(count).ToList();
    }

    private static List<(int Id, int End)> ByDefinition(int[] word)
    {
        var symbols = word.Select((id, i) => (Id: id, End: i + 1)).ToList();
        while (true)
        {
            var (best, rank, merged) = (-1, int.MaxValue, 0);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var found = s_merges.RankOf(symbols[i].Id, symbols[i + 1].Id, out var id);
                if (found < rank) (best, rank, merged) = (i, found, id);
            }

            if (best < 0) return symbols;
            symbols[best] = (merged, symbols[best + 1].End);
            symbols.RemoveAt(best + 1);
        }
    }
}
