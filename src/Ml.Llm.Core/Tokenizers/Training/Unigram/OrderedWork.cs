using System.Runtime.ExceptionServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Does numbered portions of work on some threads and takes in their results in the order of the numbers: sums of floating
/// point numbers come out the same for any number of threads, and memory holds one result a thread.
/// </summary>
/// <typeparam name="T">What a thread works with, and leaves its result in.</typeparam>
/// <param name="work">Does a portion; runs beside others.</param>
/// <param name="take">Takes in its result; never runs beside another, and in the order of the portions.</param>
/// <threadsafety>Belongs to one call of <see cref="Run"/> at a time.</threadsafety>
internal sealed class OrderedWork<T>(Action<T, int> work, Action<T> take)
{
    private readonly object _gate = new();
    private int _portions;
    private int _next;      // the portion to begin
    private int _turn;      // the portion whose result is to be taken in
    private ExceptionDispatchInfo? _failure;

    /// <summary>Does all portions.</summary>
    /// <param name="portions">How many there are.</param>
    /// <param name="states">What the threads work with: as many threads as items, this one among them.</param>
    /// <param name="cancellationToken">Stops between portions.</param>
    public void Run(int portions, IReadOnlyList<T> states, CancellationToken cancellationToken)
    {
        (_portions, _next, _turn, _failure) = (portions, 0, 0, null);
        var helpers = states.Skip(1).Select(state => new Thread(() => Work(state, cancellationToken)) { IsBackground = true, Name = "tokenizer training" }).ToList();
        foreach (var helper in helpers) helper.Start();
        Work(states[0], cancellationToken);
        foreach (var helper in helpers) helper.Join();
        _failure?.Throw();
    }

    private void Work(T state, CancellationToken cancellationToken)
    {
        try
        {
            while (TryBegin(out var portion))
            {
                cancellationToken.ThrowIfCancellationRequested();
                work(state, portion);

                // Portions are begun in order, so that the one waited for is always at work or done.
                lock (_gate)
                {
                    while (_turn != portion && _failure is null) Monitor.Wait(_gate);
                    if (_failure is not null) return;
                    take(state);
                    _turn++;
                    Monitor.PulseAll(_gate);
                }
            }
        }
        catch (Exception problem)
        {
            // The calling thread throws it once all have stopped.
            lock (_gate)
            {
                _failure ??= ExceptionDispatchInfo.Capture(problem);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryBegin(out int portion)
    {
        lock (_gate)
        {
            portion = _next;
            if (_failure is not null || _next == _portions) return false;
            _next++;
            return true;
        }
    }
}
