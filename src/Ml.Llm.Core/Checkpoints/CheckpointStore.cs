using System.Globalization;
using Ml.Llm.Engine;

namespace Ml.Llm.Checkpoints;

/// <summary>A folder of training checkpoints that stays usable whatever happens while one is written.</summary>
/// <remarks>
/// A checkpoint is written aside in a folder <c>.tmp-STEP-GUID</c>, flushed to the disk, sealed by a manifest, renamed to
/// <c>step-00001234</c>, and only then are older ones removed. So at any moment a kill or a loss of power leaves the
/// checkpoints before it whole, and <see cref="OpenNewest"/> takes the newest that its manifest bears out.
/// </remarks>
/// <threadsafety>One thread at a time. Other processes are kept out by <see cref="AcquireLock"/>.</threadsafety>
internal sealed class CheckpointStore
{
    private const string StepPrefix = "step-";
    private const string AsidePrefix = ".tmp-";
    private const double SpaceFactor = 1.2;
    private readonly int? keep;
    private readonly Action<string> log;
    private readonly HashSet<long> damaged = [];
    private CheckpointLock? held;
    private long newest = -1;

    /// <summary>Names the folder; nothing is read or written yet.</summary>
    /// <param name="folder">The folder, made when the lock is taken.</param>
    /// <param name="keep">How many checkpoints stay, at least 2 so that there is one to fall back to; null for all.</param>
    /// <param name="log">Told, in whole sentences, what is removed or passed over and why.</param>
    internal CheckpointStore(string folder, int? keep, Action<string> log)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(log);
        if (keep < 2)
            throw new ArgumentOutOfRangeException(nameof(keep), keep, "At least 2 checkpoints must stay, so that there is one to fall back to where the newest is damaged.");
        Folder = Path.GetFullPath(folder);
        this.keep = keep;
        this.log = log;
    }

    /// <summary>The folder's full path.</summary>
    internal string Folder { get; }

    /// <summary>The bytes free where a folder is, or null where the system does not say. Tests put theirs here.</summary>
    internal Func<string, long?> FreeBytes { get; init; } = DiskSpace.FreeBytes;

    /// <summary>Takes the folder for this run, makes it where it is missing, and removes what a killed run left unfinished.</summary>
    /// <returns>The lock; dispose it when the run ends. The system gives it back when the process dies.</returns>
    /// <exception cref="CheckpointLockedException">Another run holds the folder.</exception>
    /// <exception cref="CheckpointException">The folder cannot be made or written.</exception>
    internal IDisposable AcquireLock()
    {
        try
        {
            if (!Directory.Exists(Folder))
            {
                Directory.CreateDirectory(Folder);
                FileSync.Folder(Path.GetDirectoryName(Folder)!);
            }

            held = CheckpointLock.Acquire(Folder, () => held = null);
            try
            {
                foreach (var stale in Directory.GetDirectories(Folder, AsidePrefix + "*"))
                {
                    log($"The unfinished checkpoint {Path.GetFileName(stale)}, left by a run that was stopped, is removed.");
                    Directory.Delete(stale, recursive: true);
                }
            }
            catch
            {
                held.Dispose();
                throw;
            }

            return held;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(Folder, $"the checkpoint folder cannot be used ({failure.Message}). Make it writable or choose another.", failure);
        }
    }

    /// <summary>Writes a checkpoint, then removes those over the limit.</summary>
    /// <param name="step">The training step, from 0. Writing the step again that was just written or opened does nothing.</param>
    /// <param name="writeFiles">Writes the files into the folder that it is given; subfolders are allowed.</param>
    /// <param name="estimatedBytes">How many bytes that will be, or null for as many as the newest checkpoint has.</param>
    /// <exception cref="InvalidOperationException">The lock is not held.</exception>
    /// <exception cref="CheckpointException">
    /// The disk is full, has less than 1.2 times the bytes needed, or cannot be written; or the folder holds a whole
    /// checkpoint of this step or a later one, by another run. Earlier checkpoints are whole.
    /// </exception>
    internal void Write(long step, Action<string> writeFiles, long? estimatedBytes = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentNullException.ThrowIfNull(writeFiles);
        if (held is null)
            throw new InvalidOperationException("Checkpoints are written under the lock: call AcquireLock first.");
        if (step == newest)
            return;
        try
        {
            ClearTheWay(step);
            CheckSpace(step, estimatedBytes ?? SizeOfNewest());
            WriteAside(step, writeFiles);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(Folder,
                $"the checkpoint of step {Text(step)} could not be written ({failure.Message}); the earlier ones are whole. Make room or make the folder writable, then resume.", failure);
        }

        newest = step;
        Prune(step);
    }

    /// <summary>The newest checkpoint that is whole, checked to the last bit. Damaged ones are passed over, which is logged.</summary>
    /// <returns>The checkpoint, or null where there is none at all.</returns>
    /// <exception cref="CheckpointException">There are checkpoints and none is whole, or the folder cannot be read.</exception>
    /// <exception cref="ModelFormatException">The newest is of a format that only a newer version reads.</exception>
    internal CheckpointFolder? OpenNewest()
    {
        var skipped = new List<string>();
        foreach (var (step, path) in List())
        {
            if (CheckpointManifest.Verify(path, step, out var problem) is { } whole)
            {
                foreach (var sentence in skipped)
                    log($"{sentence} Training goes on from {Path.GetFileName(path)}.");
                newest = step;
                return whole;
            }

            damaged.Add(step);
            skipped.Add($"The checkpoint {Path.GetFileName(path)} is damaged and passed over: {problem}.");
        }

        return skipped.Count == 0
            ? null
            : throw new CheckpointException(Folder, $"none of the checkpoints is whole. {string.Join(' ', skipped)} Restore one from a copy, or empty the folder to start anew.");
    }

    /// <summary>Removes every checkpoint, for a run that starts anew in a folder that was used before.</summary>
    /// <exception cref="InvalidOperationException">The lock is not held.</exception>
    /// <exception cref="CheckpointException">One could not be removed.</exception>
    internal void RemoveAll()
    {
        if (held is null)
            throw new InvalidOperationException("Checkpoints are removed under the lock: call AcquireLock first.");
        try
        {
            foreach (var (_, path) in List())
                Remove(path, "a new run starts in its folder");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(Folder, $"an old checkpoint could not be removed ({failure.Message}). Make the folder writable or choose another.", failure);
        }

        newest = -1;
        damaged.Clear();
    }

    // Damaged checkpoints of this step or later ones, which this run has fallen back behind, would be in the way.
    private void ClearTheWay(long step)
    {
        foreach (var (existing, path) in List().Where(checkpoint => checkpoint.Step >= step))
        {
            if (!damaged.Contains(existing) && CheckpointManifest.Verify(path, existing, out _) is not null)
            {
                throw new CheckpointException(Folder,
                    $"the folder already holds a whole checkpoint of step {Text(existing)}, so this run cannot write one of step {Text(step)}. Resume from it, or choose an empty folder.");
            }

            Remove(path, "it is damaged");
            damaged.Remove(existing);
        }
    }

    private void CheckSpace(long step, long needed)
    {
        if (FreeBytes(Folder) is { } free && free < needed * SpaceFactor)
        {
            throw new CheckpointException(Folder, string.Create(CultureInfo.InvariantCulture,
                $"the checkpoint of step {step} needs {needed:N0} bytes, and the disk has {free:N0} free where {needed * SpaceFactor:N0} are wanted. The earlier ones are whole. Make room, keep fewer checkpoints or choose another folder, then resume."));
        }
    }

    private long SizeOfNewest() => List().Take(1)
        .Sum(checkpoint => new DirectoryInfo(checkpoint.Path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length));

    private void WriteAside(long step, Action<string> writeFiles)
    {
        var aside = Path.Combine(Folder, $"{AsidePrefix}{Text(step)}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(aside);
            writeFiles(aside);
            CheckpointManifest.Seal(aside, step);
            Directory.Move(aside, PathOf(step));
        }
        catch
        {
            TryRemoveAside(aside);
            throw;
        }

        FileSync.Folder(Folder);
    }

    private void TryRemoveAside(string aside)
    {
        try
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"The unfinished checkpoint {Path.GetFileName(aside)} could not be removed ({failure.Message}); the next run removes it.");
        }
    }

    private void Prune(long step)
    {
        if (keep is not { } limit)
            return;
        // Damaged ones do not count: as many whole ones as the limit says must stay.
        var old = List().Where(checkpoint => checkpoint.Step <= step).ToList();
        var whole = old.Where(checkpoint => !damaged.Contains(checkpoint.Step)).Take(limit).Select(checkpoint => checkpoint.Step).ToHashSet();
        foreach (var (existing, path) in old.Where(checkpoint => !whole.Contains(checkpoint.Step)))
        {
            try
            {
                Remove(path, null);
                damaged.Remove(existing);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                log($"The old checkpoint {Path.GetFileName(path)} could not be removed ({failure.Message}).");
            }
        }
    }

    // Renamed first: a checkpoint that is half removed must not look like one.
    private void Remove(string path, string? reason)
    {
        if (reason is not null)
            log($"The checkpoint {Path.GetFileName(path)} is removed: {reason}.");
        var aside = Path.Combine(Folder, $"{AsidePrefix}old-{Guid.NewGuid():N}");
        Directory.Move(path, aside);
        Directory.Delete(aside, recursive: true);
    }

    // Newest first.
    private List<(long Step, string Path)> List()
    {
        if (!Directory.Exists(Folder))
            return [];
        try
        {
            return Directory.GetDirectories(Folder, StepPrefix + "*")
                .Select(path => (Step: StepOf(Path.GetFileName(path)), Path: path))
                .Where(checkpoint => checkpoint.Step >= 0 && string.Equals(checkpoint.Path, PathOf(checkpoint.Step), StringComparison.Ordinal))
                .OrderByDescending(checkpoint => checkpoint.Step)
                .ToList();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(Folder, $"the checkpoint folder cannot be read ({failure.Message}).", failure);
        }
    }

    private string PathOf(long step) => Path.Combine(Folder, StepPrefix + step.ToString("D8", CultureInfo.InvariantCulture));

    private static long StepOf(string name) =>
        long.TryParse(name.AsSpan(StepPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
