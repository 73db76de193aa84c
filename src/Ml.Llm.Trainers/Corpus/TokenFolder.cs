namespace Ml.Llm.Data;

/// <summary>Where a run keeps its token files: beside its checkpoints, or in a temporary folder that goes when the run ends.</summary>
/// <threadsafety>Not safe.</threadsafety>
internal sealed class TokenFolder : IDisposable
{
    private readonly bool temporary;

    /// <summary>Makes the folder.</summary>
    /// <param name="checkpointFolder">The folder of checkpoints, or null.</param>
    /// <param name="temporaryRoot">Where temporary folders go.</param>
    internal TokenFolder(string? checkpointFolder, string temporaryRoot)
    {
        temporary = checkpointFolder is null;
        Path = System.IO.Path.GetFullPath(checkpointFolder ?? System.IO.Path.Combine(temporaryRoot, $"mlllm-{Guid.NewGuid():N}"));
        Directory.CreateDirectory(Path);
    }

    internal string Path { get; }

    public void Dispose()
    {
        if (temporary)
            Directory.Delete(Path, recursive: true);
    }
}
