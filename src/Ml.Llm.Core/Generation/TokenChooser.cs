using System.Numerics;

namespace Ml.Llm.Generation;

/// <summary>Chooses the next token of a row from the model's logits, as the options say.</summary>
/// <threadsafety>Instances are immutable; rows may be chosen for on several threads at once.</threadsafety>
internal sealed class TokenChooser
{
    private const double Ulp = 1.0 / (1L << 52);
    private readonly IScoreStep[] steps;
    private readonly bool sample;

    internal TokenChooser(GenerationOptions options)
    {
        sample = options.DoSample;
        steps = [.. StepsOf(options)];
    }

    /// <summary>The steps in Hugging Face's order: penalties first, then the temperature, then what rules tokens out.</summary>
    internal static IEnumerable<IScoreStep> StepsOf(GenerationOptions options)
    {
        if (options.RepetitionPenalty != 1)
            yield return new RepetitionPenaltyStep(options.RepetitionPenalty);
        if (!options.DoSample)
            yield break;
        if (options.Temperature != 1)
            yield return new TemperatureStep(options.Temperature);
        if (options.TopK > 0)
            yield return new TopKStep(options.TopK);
        if (options.TopP < 1)
            yield return new TopPStep(options.TopP);
        if (options.MinP > 0)
            yield return new MinPStep(options.MinP);
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="scores">[vocabulary] the logits, changed by the steps.</param>
    /// <param name="tokens">The row's tokens so far, prompt included, padding not.</param>
    /// <param name="random">The row's random numbers.</param>
    /// <param name="step">The place of the token in the answer, from 0.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="LlmException">The logits are not numbers.</exception>
    internal int Choose(Span<float> scores, ReadOnlySpan<int> tokens, RowRandom random, int step)
    {
        foreach (var change in steps)
            change.Apply(scores, tokens);
        var best = Best(scores);
        if (best < 0 || !float.IsFinite(scores[best]))
            throw new LlmException("The model's logits are not finite numbers, so no token can be chosen: its weights are damaged, or its training diverged.");
        return sample ? Draw(scores, best, random.Step(step)) : best;
    }

    /// <summary>The place of the largest score, the first of equals; -1 where no score is a number above negative infinity.</summary>
    internal static int Best(ReadOnlySpan<float> scores)
    {
        var best = -1;
        var largest = float.NegativeInfinity;
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] > largest)
                (best, largest) = (i, scores[i]);
        }

        return best;
    }

    /// <summary>
    /// Draws from softmax(scores) as the place of the largest score + Gumbel noise: every token has its own random number, so a
    /// rounding difference in the logits changes a draw only where two of these sums are that near to each other.
    /// </summary>
    private static int Draw(ReadOnlySpan<float> scores, int likeliest, ulong step)
    {
        var chosen = likeliest;
        var largest = scores[likeliest] + Gumbel(RowRandom.Bits(step, likeliest));
        for (var i = 0; i < scores.Length; i++)
        {
            if (i == likeliest || scores[i] == float.NegativeInfinity)
                continue;
            var bits = RowRandom.Bits(step, i);
            // Gumbel noise of u exceeds t only if 1 - u < exp(-t); counting zero bits of 1 - u bounds its logarithm and spares two real ones.
            var remaining = (1UL << 52) - 1 - bits;
            var bound = (BitOperations.LeadingZeroCount(remaining | 1) - 10) * 0.6931471805599454;
            if (largest - scores[i] >= bound)
                continue;
            var sum = scores[i] + Gumbel(bits);
            if (sum > largest)
                (chosen, largest) = (i, sum);
        }

        return chosen;
    }

    private static double Gumbel(ulong bits) => -Math.Log(-Math.Log((bits + 0.5) * Ulp));
}
