using Ml.Llm.Generation;
using TorchSharp;

namespace Ml.Llm.Core.Tests.Generation;

[TestClass]
public sealed class KeyValueCacheTests
{
    [TestMethod]
    public void Keeps_chosen_rows_and_appends_behind_them()
    {
        TorchEngine.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        using var cache = new KeyValueCache(layers: 1, batch: 4, keyValueHeads: 2, capacity: 5, headDim: 3, torch.ScalarType.Float32, [0, 1, 2, 0]);
        var (keys, values) = (torch.rand(4, 2, 3, 3), torch.rand(4, 2, 3, 3));
        cache.Append(0, keys, values);
        cache.Advance(3);
        cache.Select([1, 3]);
        Assert.AreEqual(2, cache.Batch);
        Assert.AreSequenceEqual(new[] { 1, 0 }, cache.PadCounts.ToArray());
        var rows = torch.tensor(new long[] { 1, 3 });
        var (moreKeys, moreValues) = (torch.rand(2, 2, 2, 3), torch.rand(2, 2, 2, 3));
        var (allKeys, allValues) = cache.Append(0, moreKeys, moreValues);
        Assert.IsTrue(allKeys.allclose(torch.cat([keys.index_select(0, rows), moreKeys], 2), 0, 0));
        Assert.IsTrue(allValues.allclose(torch.cat([values.index_select(0, rows), moreValues], 2), 0, 0));
        cache.Advance(2);
        Assert.ThrowsExactly<InvalidOperationException>(() => cache.Append(0, moreKeys, moreValues));
    }

    [TestMethod]
    public void Rows_that_do_not_exist_or_do_not_ascend_are_refused()
    {
        TorchEngine.EnsureLoaded();
        using var cache = new KeyValueCache(1, 3, 1, 2, 1, torch.ScalarType.Float32);
        Assert.ThrowsExactly<ArgumentException>(() => cache.Select([0, 3]));
        Assert.ThrowsExactly<ArgumentException>(() => cache.Select([1, 0]));
        Assert.ThrowsExactly<ArgumentException>(() => cache.Select([]));
    }
}
