namespace Ml.Llm;

/// <summary>A folder of training checkpoints cannot be used as asked: not written, not read, or held by another run.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public class CheckpointException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="folder">The folder of checkpoints.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public CheckpointException(string folder, string problem, Exception? innerException = null)
        : base($"{folder}: {problem}", innerException) => Folder = folder;

    /// <summary>The folder of checkpoints.</summary>
    public string Folder { get; }
}

/// <summary>Another run holds the folder of checkpoints.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class CheckpointLockedException : CheckpointException
{
    /// <summary>Makes the error.</summary>
    /// <param name="folder">The folder of checkpoints.</param>
    /// <param name="holderProcessId">The process that holds it, or null where that is not known.</param>
    /// <param name="innerException">The error behind this one, if any.</param>
    public CheckpointLockedException(string folder, int? holderProcessId, Exception? innerException = null)
        : base(folder, Describe(holderProcessId), innerException) => HolderProcessId = holderProcessId;

    /// <summary>The process that holds the folder, or null where that is not known.</summary>
    public int? HolderProcessId { get; }

    private static string Describe(int? holder)
    {
        var by = holder is { } id ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"process {id}") : "another process";
        return $"{by} trains with this checkpoint folder now. Wait for it to end, or give this run a folder of its own.";
    }
}
