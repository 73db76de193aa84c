using Ml.Llm.Generation;

namespace Ml.Llm.Core.Tests.Generation;

/// <summary>Steps and draws against slow twins that follow the definitions word for word.</summary>
[TestClass]
public sealed class ScoreStepTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(299)]
    [DataRow(300)]
    [DataRow(1000)]
    public void Top_k_keeps_the_k_best(int k) => Compare(new TopKStep(k), scores =>
    {
        var threshold = scores.Order().Reverse().ElementAt(Math.Min(k, scores.Length) - 1);
        return Array.ConvertAll(scores, score => score < threshold ? float.NegativeInfinity : score);
    });

    [TestMethod]
    public void Top_k_keeps_what_equals_the_last()
    {
        float[] scores = [3, 1, 2, 2, 2, 0];
        new TopKStep(2).Apply(scores, []);
        Assert.AreSequenceEqual(new float[] { 3, float.NegativeInfinity, 2, 2, 2, float.NegativeInfinity }, scores);
    }

    [TestMethod]
    [DataRow(0.0001)]
    [DataRow(0.5)]
    [DataRow(0.95)]
    public void Top_p_drops_from_the_least_likely_up(double p) => Compare(new TopPStep(p), scores =>
    {
        var probabilities = Softmax(scores);
        var result = scores.ToArray();
        var sum = 0.0;
        foreach (var i in Enumerable.Range(0, scores.Length).OrderBy(i => probabilities[i]).SkipLast(1))
        {
            sum += probabilities[i];
            if (sum <= 1 - p)
                result[i] = float.NegativeInfinity;
        }

        return result;
    });

    [TestMethod]
    [DataRow(0.02)]
    [DataRow(0.3)]
    [DataRow(1.0)]
    public void Min_p_drops_what_is_below_a_share_of_the_best(double share) => Compare(new MinPStep(share), scores =>
    {
        var probabilities = Softmax(scores);
        return [.. scores.Select((score, i) => probabilities[i] < share * probabilities.Max() ? float.NegativeInfinity : score)];
    });

    [TestMethod]
    public void Draws_follow_the_probabilities_after_all_steps()
    {
        var scores = RandomScores(1)[..30];
        var options = new GenerationOptions { DoSample = true, Temperature = 1.5, TopK = 12, TopP = 0.9 };
        var expected = scores.ToArray();
        foreach (var step in TokenChooser.StepsOf(options))
            step.Apply(expected, []);
        var probabilities = Softmax(expected);
        var chooser = new TokenChooser(options);
        const int draws = 40_000;
        var counts = new int[scores.Length];
        for (var row = 0; row < draws / 4; row++)
        {
            for (var step = 0; step < 4; step++)
                counts[chooser.Choose(scores.ToArray(), [], new RowRandom(1, (ulong)row), step)]++;
        }

        for (var i = 0; i < scores.Length; i++)
        {
            var deviation = Math.Sqrt(draws * probabilities[i] * (1 - probabilities[i]));
            Assert.IsLessThanOrEqualTo(4.5 * deviation, Math.Abs(counts[i] - (draws * probabilities[i])), $"token {i}: {counts[i]} of {draws}, p = {probabilities[i]}");
        }
    }

    [TestMethod]
    public void A_draw_is_the_largest_sum_of_score_and_gumbel_noise()
    {
        var chooser = new TokenChooser(new GenerationOptions { DoSample = true, TopK = 0 });
        for (var row = 0; row < 200; row++)
        {
            var scores = RandomScores(row);
            var random = new RowRandom(3, (ulong)row);
            var sums = scores.Select((score, i) => score - Math.Log(-Math.Log((RowRandom.Bits(random.Step(2), i) + 0.5) / (1L << 52)))).ToArray();
            Assert.AreEqual(Array.IndexOf(sums, sums.Max()), chooser.Choose(scores.ToArray(), [], random, 2));
        }
    }

    [TestMethod]
    public void Greedy_takes_the_first_of_equals_and_ignores_what_shapes_sampling()
    {
        var chooser = new TokenChooser(new GenerationOptions { Temperature = 5, TopP = 0.1 });
        Assert.AreEqual(1, chooser.Choose([0, 2, 2, 1], [], new RowRandom(0, 0), 0));
        var penalized = new TokenChooser(new GenerationOptions { RepetitionPenalty = 3 });
        Assert.AreEqual(3, penalized.Choose([0, 2, 2, 1], [1, 2, 2, 1], new RowRandom(0, 0), 0));
    }

    private static void Compare(IScoreStep step, Func<float[], float[]> slow)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var scores = RandomScores(seed);
            var expected = slow(scores);
            step.Apply(scores, []);
            Assert.AreSequenceEqual(expected, scores);
        }
    }

    private static float[] RandomScores(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 300).Select(_ => (float)((random.NextDouble() * 12) - 6))];
    }

    private static double[] Softmax(float[] scores)
    {
        var exponentials = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
        var sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }
}
