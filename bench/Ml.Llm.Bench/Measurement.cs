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
    /// <param name="contenders">Those that are asked for steps.</param>
    /// <param name="seconds">How long each is measured.</param>
    /// <param name="owner">One that owns its loop, measured with them and given last; or null.</param>
    internal static IReadOnlyList<Measurement> Alternate(IReadOnlyList<SteppedContender> contenders, double seconds, LoopOwner? owner = null)
    {
        var tallies = contenders.Select(static _ => new Tally()).ToList();
        var ofOwner = new Tally();
        var round = 0;
        if (owner is null)
        {
            while (RunRound())
            {
            }
        }
        else
        {
            var start = Stopwatch.GetTimestamp();
            owner.Run(work =>
            {
                ofOwner.Note(work, Stopwatch.GetElapsedTime(start).TotalSeconds, isMeasured: round >= Unmeasured);
                var goesOn = RunRound() | !ofOwner.IsEnough(seconds);
                start = Stopwatch.GetTimestamp();
                return goesOn;
            });
        }

        List<Measurement> measured = [.. contenders.Select((contender, i) => From(contender, tallies[i].Rates))];
        if (owner is not null)
            measured.Add(From(owner, ofOwner.Rates));
        return measured;

        bool RunRound()
        {
            var open = false;
            for (var i = 0; i < tallies.Count; i++)
            {
                if (!contenders[i].IsBeside && tallies[i].IsEnough(seconds))
                    continue;
                open |= !contenders[i].IsBeside;
                var start = Stopwatch.GetTimestamp();
                var work = contenders[i].Step();
                tallies[i].Note(work, Stopwatch.GetElapsedTime(start).TotalSeconds, isMeasured: round >= Unmeasured);
            }

            round++;
            return open;
        }
    }

    private static Measurement From(Contender contender, List<double> rates)
    {
        rates.Sort();
        var middle = rates.Count / 2;
        var median = rates.Count % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
        return new Measurement(contender, median, rates[^1], rates[0], rates.Count);
    }

    private sealed class Tally
    {
        private double _spent;

        public List<double> Rates { get; } = [];

        public bool IsEnough(double seconds) => Rates.Count >= AtLeast && _spent >= seconds;

        public void Note(double work, double elapsed, bool isMeasured)
        {
            if (!isMeasured)
                return;
            Rates.Add(work / elapsed);
            _spent += elapsed;
        }
    }
}
