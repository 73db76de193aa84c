using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class WordCacheTests
{
    [TestMethod]
    public void Threads_that_share_a_cache_find_the_ids_of_their_word_or_none()
    {
        var cache = new WordCache();
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            var found = 0;
            for (var i = 0; i < 100_000; i++)
            {
                // More words than places, of all lengths.
                var number = random.Next(random.Next(1, 200_000));
                var word = new string('w', number % WordCache.LongestWord) + number.ToString(CultureInfo.InvariantCulture);
                if (word.Length > WordCache.LongestWord) continue;
                int[] expected = number % 3 == 0 ? [number] : number % 3 == 1 ? [number, 7, 9] : [];
                var ids = new List<int> { -5 };
                if (cache.TryAppend(word, ids))
                {
                    found++;
                    Assert.AreSequenceEqual((int[])[-5, .. expected], ids.ToArray(), word);
                }
                else
                {
                    Assert.HasCount(1, ids);
                    cache.Add(word, expected);
                }
            }

            Assert.IsGreaterThan(10_000, found);
        });
    }

    [TestMethod]
    public void A_word_that_is_asked_for_stays_and_others_make_room()
    {
        var cache = new WordCache();
        string[] asked = ["hot", "a hot word of some length"];
        foreach (var word in asked) cache.Add(word, [1, 2, 3, 4, 5, 6, 7, 8]);
        for (var number = 0; number < 400_000; number++)
        {
            cache.Add(Other(number), [number]);
            if (number % 1000 == 0) Assert.IsTrue(Array.TrueForAll(asked, word => cache.TryFind(word, out var ids) && ids.Length == 8));
        }

        Assert.IsFalse(cache.TryFind(Other(0), out _));
        // A few find no slot.
        Assert.IsGreaterThan(900, Enumerable.Range(399_000, 1000).Count(number => cache.TryFind(Other(number), out var ids) && ids[0] == number));

        static string Other(int number) => string.Create(CultureInfo.InvariantCulture, $"a word that comes once, number {number}");
    }
}
