using System.Diagnostics;

namespace Ml.Llm.Bench;

/// <summary>The rates of one contender.</summary>
internal sealed record Measurement(Contender Contender, double Median, double Best, double Worst, int Steps)
{
    private const int Unmeasured = 2;
    private const int AtLeast = 3;

    /// <summary>
    /// Measures contenders in turns, a step each, so that a busy neighbour disturbs all alike: each at least for the seconds
    /// given and at least 3 steps, after 2 unmeasured ones.
    /// </summary>
    internal static IReadOnlyList<Measurement> Alternate(IReadOnlyList<Contender> contenders, double seconds)
    {
        var rates = contenders.Select(static _ => new List<double>()).ToArray();
        var spent = new double[contenders.Count];
        for (var round = 0; ; round++)
        {
            var open = false;
            for (var i = 0; i < contenders.Count; i++)
            {
                if (rates[i].Count >= AtLeast && spent[i] >= seconds)
                    continue;
                open = true;
                var start = Stopwatch.GetTimestamp();
                var work = contenders[i].Step();
                var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (round < Unmeasured)
                    continue;
                rates[i].Add(work / elapsed);
                spent[i] += elapsed;
            }

            if (!open)
                return [.. contenders.Select((contender, i) => From(contender, rates[i]))];
        }
    }

    private static Measurement From(Contender contender, List<double> rates)
    {
        rates.Sort();
        var middle = rates.Count / 2;
        var median = rates.Count % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
        return new Measurement(contender, median, rates[^1], rates[0], rates.Count);
    }
}
