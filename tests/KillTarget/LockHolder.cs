using Ml.Llm.Checkpoints;

namespace Ml.Llm.KillTarget;

/// <summary>Holds a checkpoint folder until its input ends. Says "ready" when it holds it.</summary>
public static class LockHolder
{
    public static int Run(string folder)
    {
        var store = new CheckpointStore(folder, keep: null, Console.WriteLine);
        using var held = store.AcquireLock();
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        return 0;
    }
}
