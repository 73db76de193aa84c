using System.Security.Cryptography;
using Ml.Llm.Checkpoints;

namespace Ml.Llm.KillTarget;

/// <summary>What must hold after each kill of <see cref="CheckpointLoop"/>.</summary>
public sealed class CheckpointCheck(string folder)
{
    private byte[] state = new byte[SHA256.HashSizeInBytes];

    /// <summary>The newest step seen.</summary>
    public long Step { get; private set; }

    /// <summary>The kills checked.</summary>
    public int Kills { get; private set; }

    /// <summary>The kills that came between two acknowledged checkpoints with a folder written in part.</summary>
    public int UnfinishedWrites { get; private set; }

    /// <summary>The folders that kills left unfinished.</summary>
    public int UnfinishedFolders { get; private set; }

    /// <summary>Throws unless the newest checkpoint is whole, right, and at least the one acknowledged last.</summary>
    public void AfterKill(long acknowledged)
    {
        Kills++;
        var unfinished = Directory.Exists(folder) ? Directory.GetDirectories(folder, ".tmp-*").Length : 0;
        UnfinishedFolders += unfinished;
        UnfinishedWrites += Math.Min(unfinished, 1);

        var said = new List<string>();
        var store = new CheckpointStore(folder, keep: 2, said.Add);
        using var held = store.AcquireLock(); // A killed holder must have let go.
        if (Directory.GetDirectories(folder, ".tmp-*").Length > 0)
            throw new InvalidOperationException("Unfinished folders stay when the lock is taken.");
        said.Clear();
        var newest = store.OpenNewest();
        if (said.Count > 0)
            throw new InvalidOperationException($"A kill damaged a finished checkpoint: {string.Join(' ', said)}");
        var step = newest?.Step ?? 0;
        if (step < acknowledged || step < Step)
            throw new InvalidOperationException($"The newest checkpoint is of step {step}, but step {Math.Max(acknowledged, Step)} was acknowledged.");
        while (Step < step)
            state = CheckpointLoop.Next(state, ++Step);
        if (newest is not null)
            CheckpointLoop.CheckContent(newest, state);
    }
}
