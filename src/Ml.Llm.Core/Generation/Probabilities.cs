namespace Ml.Llm.Generation;

/// <summary>What steps and choosers ask about the scores of one row.</summary>
internal static class Probabilities
{
    /// <summary>The largest score; negative infinity where there is none.</summary>
    internal static float Largest(ReadOnlySpan<float> scores)
    {
        var largest = float.NegativeInfinity;
        foreach (var score in scores)
        {
            if (score > largest)
                largest = score;
        }

        return largest;
    }

    /// <summary>The tokens that are not ruled out, in ascending order.</summary>
    internal static int[] Possible(ReadOnlySpan<float> scores)
    {
        var count = 0;
        foreach (var score in scores)
        {
            if (score > float.NegativeInfinity)
                count++;
        }

        var ids = new int[count];
        for (var (i, next) = (0, 0); i < scores.Length; i++)
        {
            if (scores[i] > float.NegativeInfinity)
                ids[next++] = i;
        }

        return ids;
    }

    /// <summary>The log-probability of a token: log-softmax of the scores at its place, summed in double precision.</summary>
    internal static double LogProbability(ReadOnlySpan<float> scores, int token)
    {
        var largest = Largest(scores);
        var sum = 0.0;
        foreach (var score in scores)
            sum += Math.Exp(score - largest);
        return scores[token] - largest - Math.Log(sum);
    }
}
