namespace Ml.Llm.Checkpoints;

/// <summary>One whole checkpoint: every file is there with the content that was written.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Step">The training step after which it was written.</param>
/// <param name="Files">The files, by name relative to the folder, with forward slashes, and their lengths in bytes.</param>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed record CheckpointFolder(string Path, long Step, IReadOnlyDictionary<string, long> Files)
{
    /// <summary>The path of a file of the checkpoint.</summary>
    /// <exception cref="ModelFormatException">The checkpoint has no such file.</exception>
    internal string PathOf(string name) => Files.ContainsKey(name)
        ? System.IO.Path.Combine(Path, name)
        : throw new ModelFormatException(Path, $"this checkpoint has no file '{name}': it was written by another kind of run.");
}
