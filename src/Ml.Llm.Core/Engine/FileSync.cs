using System.Runtime.InteropServices;

namespace Ml.Llm.Engine;

/// <summary>Makes files and folders last through a loss of power.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static partial class FileSync
{
    private const int InvalidArgument = 22;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    /// <summary>Flushes a file's content to the disk.</summary>
    /// <exception cref="IOException">The system could not.</exception>
    internal static void File(string path)
    {
        // Windows flushes through a handle that may write only.
        using var handle = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Flushes a folder's names to the disk: files made, renamed and deleted in it. Windows does so by itself.</summary>
    /// <exception cref="IOException">The system could not.</exception>
    internal static void Folder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, OperatingSystem.IsLinux() ? CloseOnExecLinux : OperatingSystem.IsMacOS() ? CloseOnExecMac : 0);
        if (descriptor < 0)
            throw Failure("opened", path, Marshal.GetLastPInvokeError());
        try
        {
            // Some file systems have no such thing for folders and say so by this number.
            if (Flush(descriptor) != 0 && Marshal.GetLastPInvokeError() is var error && error != InvalidArgument)
                throw Failure("flushed", path, error);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string what, string path, int error) =>
        new($"The folder '{path}' could not be {what}: {Marshal.GetPInvokeErrorMessage(error)}.", error);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
