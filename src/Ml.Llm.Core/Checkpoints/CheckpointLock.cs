using System.Globalization;

namespace Ml.Llm.Checkpoints;

/// <summary>The right to write in a folder of checkpoints: an open file that no other process can open, freed by the system when its holder dies.</summary>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class CheckpointLock : IDisposable
{
    private const string LockName = ".lock";
    private const string HolderName = ".lock-holder";
    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private readonly FileStream file;
    private readonly string holderPath;
    private readonly Action released;

    private CheckpointLock(FileStream file, string holderPath, Action released)
    {
        this.file = file;
        this.holderPath = holderPath;
        this.released = released;
    }

    /// <summary>Takes the folder, which must exist.</summary>
    /// <param name="folder">The folder of checkpoints.</param>
    /// <param name="released">Called when the lock is given back.</param>
    /// <exception cref="CheckpointLockedException">Another process, or another store of this one, holds it.</exception>
    /// <exception cref="IOException">The lock file can be neither made nor opened.</exception>
    internal static CheckpointLock Acquire(string folder, Action released)
    {
        var holderPath = Path.Combine(folder, HolderName);
        FileStream file;
        try
        {
            // The file stays when the lock is given back: deleting it would let two processes hold two files of one name.
            file = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (IsHeld(failure))
        {
            throw new CheckpointLockedException(folder, ReadHolder(holderPath), failure);
        }

        try
        {
            File.WriteAllText(holderPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new CheckpointLock(file, holderPath, released);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!file.CanRead)
            return;
        try
        {
            if (File.Exists(holderPath))
                File.Delete(holderPath);
        }
        finally
        {
            file.Dispose();
            released();
        }
    }

    private static bool IsHeld(IOException failure) => OperatingSystem.IsWindows()
        ? failure.HResult == WindowsSharingViolation
        : failure.HResult == (OperatingSystem.IsMacOS() ? MacWouldBlock : LinuxWouldBlock);

    // The holder may be between taking the lock and writing its number, or be ending.
    private static int? ReadHolder(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var holder) ? holder : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
