using System.Globalization;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>The folder of one run: runs/1, runs/2 and so on. No run writes into another's.</summary>
internal sealed class RunFolder
{
    private RunFolder(string path) => Root = System.IO.Path.GetFullPath(path);

    internal string Root { get; }

    internal string Plan => Path.Combine(Root, "run.json");

    internal string Tokenizer => Path.Combine(Root, "tokenizer.json");

    internal string Checkpoints => Path.Combine(Root, "checkpoints");

    internal string Metrics => Path.Combine(Root, "metrics.jsonl");

    internal string Model => Path.Combine(Root, "model.zip");

    internal string LossCurve => Path.Combine(Root, "loss.png");

    internal string Log => Path.Combine(Root, "log.txt");

    /// <summary>Makes the next free folder. Two runs that start at once get two.</summary>
    internal static RunFolder Create(string parent)
    {
        Directory.CreateDirectory(parent);
        for (var number = Numbers(parent).DefaultIfEmpty(0).Max() + 1; ; number++)
        {
            var folder = new RunFolder(Path.Combine(parent, number.ToString(CultureInfo.InvariantCulture)));
            Directory.CreateDirectory(folder.Root);
            try
            {
                new FileStream(folder.Log, FileMode.CreateNew).Dispose();
                return folder;
            }
            catch (IOException) when (File.Exists(folder.Log))
            {
                // Another run took this number in between: the next one.
            }
        }
    }

    /// <summary>The newest run that has begun training and not reached its last step.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    internal static RunFolder Unfinished(string parent)
    {
        var numbers = Directory.Exists(parent) ? Numbers(parent).OrderDescending() : Enumerable.Empty<int>();
        return numbers
            .Select(number => new RunFolder(Path.Combine(parent, number.ToString(CultureInfo.InvariantCulture))))
            .FirstOrDefault(static folder => File.Exists(folder.Plan) && !RunPlan.Load(folder.Plan).Finished)
            ?? throw new UsageException($"There is no stopped run in {Path.GetFullPath(parent)} to go on with: start one without --resume.");
    }

    private static IEnumerable<int> Numbers(string parent) => Directory.EnumerateDirectories(parent)
        .Select(static folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Where(static number => number > 0);
}
