using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Generation;

/// <summary>The columns that a <see cref="LanguageModelTransformer"/> reads and adds.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed record GenerationColumns
{
    /// <summary>The column that is added where no other name is given.</summary>
    public const string DefaultOutput = "GeneratedText";

    /// <summary>The column of prompts (text).</summary>
    public string TextColumnName { get; init; } = "Text";

    /// <summary>The column that is added (text).</summary>
    public string OutputColumnName { get; init; } = DefaultOutput;

    /// <summary>A column with the seed of each row (Int64), or null: then a row's seed comes from its prompt.</summary>
    public string? SeedColumnName { get; init; }

    /// <summary>The column that is added, for a schema.</summary>
    public DataViewSchema.DetachedColumn Output() => new(OutputColumnName, TextDataViewType.Instance);

    /// <summary>Checks the names.</summary>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public void Validate()
    {
        Check(TextColumnName, "text column");
        Check(OutputColumnName, "output column");
        if (SeedColumnName is not null)
            Check(SeedColumnName, "seed column");
    }

    private static void Check(string columnName, string role)
    {
        if (string.IsNullOrEmpty(columnName))
            throw new ArgumentException($"The name of the {role} is empty; it must name a column.", nameof(columnName));
    }
}
