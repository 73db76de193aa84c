namespace Ml.Llm.Engine;

/// <summary>Hands out the numbers from 0 up to a count, each once, to whoever asks.</summary>
/// <threadsafety>Safe for several threads at once.</threadsafety>
internal sealed class TaskQueue(long count)
{
    private long taken;

    /// <summary>The next task, or false when all have been handed out.</summary>
    internal bool Next(out long task)
    {
        task = Interlocked.Increment(ref taken) - 1;
        return task < count;
    }
}
