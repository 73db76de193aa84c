using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests.Data;

[TestClass]
public sealed class WindowOrderTests
{
    [TestMethod]
    public void Every_window_comes_exactly_once_in_every_epoch()
    {
        foreach (var count in Enumerable.Range(1, 70).Concat([1000, 1023, 1024, 1025, 4096, 99_991]))
        {
            for (var epoch = 0; epoch < 3; epoch++)
            {
                var order = new WindowOrder(7, count, epoch);
                var seen = new bool[count];
                for (var place = 0; place < count; place++)
                {
                    Assert.IsFalse(seen[order[place]]);
                    seen[order[place]] = true;
                }
            }
        }
    }

    [TestMethod]
    public void The_order_depends_on_seed_and_epoch_and_on_nothing_else()
    {
        Assert.AreSequenceEqual(Take(new WindowOrder(1, 5000, 2)), Take(new WindowOrder(1, 5000, 2)));
        var orders = new[] { new WindowOrder(1, 5000, 0), new WindowOrder(1, 5000, 1), new WindowOrder(2, 5000, 0), new WindowOrder(0, 5000, 1) };
        for (var left = 0; left < orders.Length; left++)
        {
            for (var right = left + 1; right < orders.Length; right++)
            {
                // Two random orders of 5,000 agree in one place on average.
                var same = Take(orders[left]).Zip(Take(orders[right])).Count(pair => pair.First == pair.Second);
                Assert.IsLessThan(12, same);
            }
        }
    }

    [TestMethod]
    public void The_order_is_as_even_as_a_random_one()
    {
        // Where do windows of each tenth of the file go? Chi-square of a 10 x 10 table, 81 degrees of freedom: 99.99% lies below 138.
        const int count = 20_000;
        foreach (var seed in new[] { 0L, 1, 2, -5, long.MaxValue })
        {
            var order = new WindowOrder(seed, count, 0);
            var table = new int[10, 10];
            var neighbours = 0;
            for (var place = 0; place < count; place++)
            {
                table[place * 10 / count, order[place] * 10 / count]++;
                if (place > 0 && Math.Abs(order[place] - order[place - 1]) == 1)
                    neighbours++;
            }

            var chi = table.Cast<int>().Sum(cell => (cell - 200.0) * (cell - 200.0) / 200);
            Assert.IsLessThan(138, chi);
            Assert.IsLessThan(15, neighbours); // 2 are expected.
        }
    }

    [TestMethod]
    public void Very_many_windows_take_no_memory_and_places_outside_are_refused()
    {
        var order = new WindowOrder(3, 1L << 40, 0);
        var seen = Enumerable.Range(0, 10_000).Select(place => order[place]).ToHashSet();
        Assert.HasCount(10_000, seen);
        Assert.IsTrue(seen.All(window => window is >= 0 and < 1L << 40));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => order[1L << 40]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => order[-1]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new WindowOrder(3, 0, 0));
        Assert.AreEqual(0L, new WindowOrder(3, 1, 9)[0]);
    }

    private static long[] Take(WindowOrder order) => [.. Enumerable.Range(0, (int)order.Count).Select(place => order[place])];
}
