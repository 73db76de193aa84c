namespace Ml.Llm.Tokenization;

/// <summary>A piece at a place of a text.</summary>
/// <param name="Start">The byte that it begins at.</param>
/// <param name="End">The byte after it.</param>
/// <param name="Id">Its id.</param>
/// <param name="Score">Its score.</param>
internal readonly record struct LatticeNode(int Start, int End, int Id, double Score);

/// <summary>All ways to write a text as pieces: what sampling draws from.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class UnigramLattice
{
    private const int LargestAgenda = 100_000;
    private const int SmallAgenda = 512;
    private const int None = -1;

    private readonly int _length;
    private readonly List<LatticeNode> _nodes = [];
    private readonly List<int> _nextEnding = [];   // by node: another one that ends at the same place
    private readonly int[] _ending;                // by place: a node that ends there

    /// <summary>Finds the pieces at all places of a text.</summary>
    /// <exception cref="ModelFormatException">A character is unknown, and the vocabulary has no unknown token.</exception>
    public UnigramLattice(UnigramVocabulary vocabulary, ReadOnlySpan<byte> text)
    {
        _length = text.Length;
        _ending = new int[_length + 1];
        Array.Fill(_ending, None);
        for (var start = 0; start < _length;)
        {
            var next = start + BestPath.LengthOfCharacter(text[start]);
            var isKnown = false;
            var node = ByteTrie.Root;
            for (var at = start; at < _length; at++)
            {
                node = vocabulary.Trie.Step(node, text[at]);
                if (node == ByteTrie.None) break;
                var id = vocabulary.Trie.ValueAt(node);
                if (id == ByteTrie.None) continue;
                isKnown |= at + 1 == next;
                Add(new LatticeNode(start, at + 1, id, vocabulary.Scores[id]));
            }

            if (!isKnown)
            {
                var unknown = vocabulary.Options.UnknownId ?? throw UnknownTokens.Missing("Unigram", null);
                Add(new LatticeNode(start, next, unknown, vocabulary.UnknownScore));
            }

            start = next;
        }
    }

    /// <summary>Draws a way by its probability to the power of alpha.</summary>
    /// <returns>Its pieces, from the last to the first.</returns>
    public List<LatticeNode> Sample(double alpha, ref SeededRandom random)
    {
        // By place: the logarithm of the weight of all ways to get there.
        var weights = new double[_length + 1];
        for (var place = 1; place <= _length; place++)
        {
            weights[place] = double.NegativeInfinity;
            for (var node = _ending[place]; node != None; node = _nextEnding[node])
                weights[place] = LogSum(weights[place], weights[_nodes[node].Start] + (alpha * _nodes[node].Score));
        }

        var path = new List<LatticeNode>();
        for (var place = _length; place > 0; place = path[^1].Start)
        {
            var rest = random.NextDouble();
            var chosen = _ending[place];
            for (var node = chosen; node != None && rest >= 0; node = _nextEnding[node])
            {
                chosen = node;
                rest -= Math.Exp(weights[_nodes[node].Start] + (alpha * _nodes[node].Score) - weights[place]);
            }

            path.Add(_nodes[chosen]);
        }

        return path;
    }

    /// <summary>Draws one of the most likely ways by its probability to the power of alpha.</summary>
    /// <returns>Its pieces, from the last to the first.</returns>
    public List<LatticeNode> SampleOfBest(int count, double alpha, ref SeededRandom random)
    {
        var paths = Best(count);
        var logarithms = paths.ConvertAll(path => alpha * path.Sum(node => node.Score));
        var most = logarithms.Max();
        var rest = random.NextDouble() * logarithms.Sum(value => Math.Exp(value - most));
        for (var i = 0; i < paths.Count; i++)
        {
            rest -= Math.Exp(logarithms[i] - most);
            if (rest < 0) return paths[i];
        }

        return paths[^1];
    }

    /// <summary>The most likely ways, the best first: a search from the end, which knows the best way from the begin to each place.</summary>
    /// <returns>Of each way its pieces, from the last to the first.</returns>
    public List<List<LatticeNode>> Best(int count)
    {
        var reach = BestScores();
        var paths = new List<List<LatticeNode>>();
        var steps = new List<(int Node, int Later, int Place, double Score)> { (None, None, _length, 0) };
        var agenda = new PriorityQueue<int, double>();
        agenda.Enqueue(0, -reach[_length]);
        while (paths.Count < count && agenda.TryDequeue(out var step, out _))
        {
            var (_, _, place, score) = steps[step];
            if (place == 0)
            {
                paths.Add(PathOf(steps, step));
                continue;
            }

            for (var node = _ending[place]; node != None; node = _nextEnding[node])
            {
                var start = _nodes[node].Start;
                var whole = score + _nodes[node].Score;
                agenda.Enqueue(steps.Count, -(whole + reach[start]));
                steps.Add((node, step, start, whole));
            }

            if (agenda.Count > LargestAgenda) Shrink(agenda, Math.Min(SmallAgenda, 10 * count));
        }

        return paths;
    }

    private double[] BestScores()
    {
        var reach = new double[_length + 1];
        for (var place = 1; place <= _length; place++)
        {
            reach[place] = double.NegativeInfinity;
            for (var node = _ending[place]; node != None; node = _nextEnding[node])
                reach[place] = Math.Max(reach[place], reach[_nodes[node].Start] + _nodes[node].Score);
        }

        return reach;
    }

    private List<LatticeNode> PathOf(List<(int Node, int Later, int Place, double Score)> steps, int step)
    {
        var path = new List<LatticeNode>();
        for (; steps[step].Node != None; step = steps[step].Later) path.Add(_nodes[steps[step].Node]);
        path.Reverse();
        return path;
    }

    /// <summary>Keeps the most likely entries only, as SentencePiece does: repetitive text would fill any memory.</summary>
    private static void Shrink(PriorityQueue<int, double> agenda, int kept)
    {
        var best = new List<(int, double)>(kept);
        while (best.Count < kept && agenda.TryDequeue(out var step, out var priority)) best.Add((step, priority));
        agenda.Clear();
        agenda.EnqueueRange(best);
    }

    private void Add(LatticeNode node)
    {
        _nextEnding.Add(_ending[node.End]);
        _ending[node.End] = _nodes.Count;
        _nodes.Add(node);
    }

    private static double LogSum(double a, double b)
    {
        var (less, more) = a < b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(less) ? more : more + Math.Log(1 + Math.Exp(less - more));
    }
}
