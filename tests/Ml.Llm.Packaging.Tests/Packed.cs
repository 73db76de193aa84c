namespace Ml.Llm.Packaging.Tests;

/// <summary>The three packages, packed once under a version of their own, and consumers built against them outside the tree.</summary>
internal sealed class Packed : IDisposable
{
    private readonly string configuration;

    internal Packed()
    {
        Folder = Path.Combine(Path.GetTempPath(), "ml-llm-packed-" + Guid.NewGuid().ToString("N"));
        Packages = Path.Combine(Folder, "packages");
        Version = "0.1.0-packed." + DateTime.UtcNow.ToString("yyyyMMddHHmmssfff", System.Globalization.CultureInfo.InvariantCulture);
        configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        Directory.CreateDirectory(Packages);
        foreach (var project in (string[])["Ml.Llm.Core", "Ml.Llm.Transforms", "Ml.Llm.Trainers"])
        {
            CommandLine.DotNet(Root(), Nothing, "pack", $"src/{project}", "--no-build", "--configuration", configuration,
                "--output", Packages, "--verbosity", "quiet", $"-p:Version={Version}").Succeeded();
        }
    }

    internal static IReadOnlyDictionary<string, string> Nothing { get; } = new Dictionary<string, string>();

    /// <summary>The folder that everything is in.</summary>
    internal string Folder { get; }

    /// <summary>The folder of the packages.</summary>
    internal string Packages { get; }

    /// <summary>Their version.</summary>
    internal string Version { get; }

    /// <summary>Builds the consumer in a folder of its own.</summary>
    /// <param name="name">The folder's name.</param>
    /// <param name="withEngine">Whether it references TorchSharp-cpu.</param>
    /// <returns>The program.</returns>
    internal string BuildConsumer(string name, bool withEngine)
    {
        var folder = Path.Combine(Folder, name);
        Directory.CreateDirectory(folder);
        var sources = Path.Combine(AppContext.BaseDirectory, "Consumer");
        foreach (var source in Directory.EnumerateFiles(sources, "*.cs"))
            File.Copy(source, Path.Combine(folder, Path.GetFileName(source)));
        File.Copy(Path.Combine(sources, "Consumer.csproj.txt"), Path.Combine(folder, "Consumer.csproj"));
        // Beside the sources that the machine has already: nothing is cleared.
        File.WriteAllText(Path.Combine(folder, "NuGet.config"),
            $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{Packages}" />
              </packageSources>
            </configuration>
            """);
        CommandLine.DotNet(folder, Nothing, "build", "--configuration", "Release", "--output", "out", "--verbosity", "quiet",
            $"-p:PackedVersion={Version}", $"-p:WithEngine={(withEngine ? "true" : "false")}", $"-p:MachinePackages={MachinePackages()}").Succeeded();
        return Path.Combine(folder, "out", "Consumer.dll");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // Packages of others are taken from where the machine keeps them; ours are unpacked into this test's folder and go with it.
    private static string MachinePackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } given
        ? given
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MlLlm.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
