namespace Ml.Llm.Samples;

/// <summary>This machine has no .NET SDK documentation to read.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class CorpusNotFoundException : LlmException
{
    /// <summary>Makes the error.</summary>
    /// <param name="searched">The folders that were searched.</param>
    public CorpusNotFoundException(IEnumerable<string> searched)
        : base("The .NET SDK's XML documentation (packs/*/ref/*/*.xml) was not found under "
            + $"{string.Join(" or ", searched.DefaultIfEmpty("any dotnet root"))}: name your own text files with --corpus PATH.")
    {
    }
}
