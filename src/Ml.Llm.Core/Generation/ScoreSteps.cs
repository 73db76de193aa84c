namespace Ml.Llm.Generation;

/// <summary>One step between the model's logits and the choice of a token: changes scores, or rules tokens out by negative infinity.</summary>
internal interface IScoreStep
{
    /// <summary>Changes the scores of one row in place.</summary>
    /// <param name="scores">[vocabulary].</param>
    /// <param name="tokens">The row's tokens so far, prompt included, padding not.</param>
    void Apply(Span<float> scores, ReadOnlySpan<int> tokens);
}

/// <summary>Makes seen tokens less likely: s becomes s / p, or s * p below zero, once however often a token was seen.</summary>
/// <remarks>Keskar et al., CTRL (arXiv 1909.05858), section 4.1.</remarks>
internal sealed class RepetitionPenaltyStep(double penalty) : IScoreStep
{
    public void Apply(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        var seen = new HashSet<int>(tokens.Length);
        foreach (var token in tokens)
        {
            if (seen.Add(token))
                scores[token] = scores[token] < 0 ? scores[token] * (float)penalty : scores[token] / (float)penalty;
        }
    }
}

/// <summary>Divides scores by the temperature.</summary>
internal sealed class TemperatureStep(double temperature) : IScoreStep
{
    public void Apply(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        foreach (ref var score in scores)
            score /= (float)temperature;
    }
}

/// <summary>Keeps the k best tokens, and those equal to the k-th.</summary>
/// <remarks>Fan et al. (arXiv 1805.04833), section 5.4.</remarks>
internal sealed class TopKStep(int count, int minimumKept = 1) : IScoreStep
{
    public void Apply(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        var kept = Math.Max(count, minimumKept);
        if (kept >= scores.Length)
            return;
        var threshold = KthLargest(scores, kept);
        foreach (ref var score in scores)
        {
            if (score < threshold)
                score = float.NegativeInfinity;
        }
    }

    // A heap of the k largest so far, the least of them at the root: few scores get past the root.
    private static float KthLargest(ReadOnlySpan<float> scores, int k)
    {
        var heap = scores[..k].ToArray();
        for (var i = (k / 2) - 1; i >= 0; i--)
            Sink(heap, i);
        foreach (var score in scores[k..])
        {
            if (score > heap[0])
            {
                heap[0] = score;
                Sink(heap, 0);
            }
        }

        return heap[0];
    }

    private static void Sink(float[] heap, int place)
    {
        while (true)
        {
            var child = (2 * place) + 1;
            if (child >= heap.Length)
                return;
            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
                child++;
            if (heap[place] <= heap[child])
                return;
            (heap[place], heap[child]) = (heap[child], heap[place]);
            place = child;
        }
    }
}

/// <summary>Keeps the likeliest tokens whose probabilities reach a sum: from the least likely up, drops while the sum is at most 1 - p.</summary>
/// <remarks>Nucleus sampling: Holtzman et al. (arXiv 1904.09751), section 3.1.</remarks>
internal sealed class TopPStep(double mass, int minimumKept = 1) : IScoreStep
{
    public void Apply(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        var ids = Probabilities.Possible(scores);
        var keys = new float[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            keys[i] = scores[ids[i]];
        Array.Sort(keys, ids);
        var total = 0.0;
        var best = keys.Length == 0 ? 0 : keys[^1];
        foreach (var key in keys)
            total += Math.Exp(key - best);
        var sum = 0.0;
        for (var i = 0; i < ids.Length - minimumKept; i++)
        {
            sum += Math.Exp(keys[i] - best) / total;
            if (sum > 1 - mass)
                return;
            scores[ids[i]] = float.NegativeInfinity;
        }
    }
}

/// <summary>Drops tokens whose probability is below a share of the best one's.</summary>
/// <remarks>Nguyen et al. (arXiv 2407.01082).</remarks>
internal sealed class MinPStep(double share, int minimumKept = 1) : IScoreStep
{
    public void Apply(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        var best = Probabilities.Largest(scores);
        // p < share * best  <=>  s < best + ln(share), without the sum that both are divided by.
        var threshold = best + Math.Log(share);
        var protectedFrom = minimumKept > 1 ? NthLargest(scores, minimumKept) : best;
        foreach (ref var score in scores)
        {
            if (score < threshold && score < protectedFrom)
                score = float.NegativeInfinity;
        }
    }

    private static float NthLargest(ReadOnlySpan<float> scores, int count)
    {
        var sorted = scores.ToArray();
        Array.Sort(sorted);
        return sorted[Math.Max(0, sorted.Length - count)];
    }
}
