using System.Diagnostics;

namespace Ml.Llm.Core.Tests.Checkpoints;

/// <summary>Makes a folder read-only for a while: by its mode, or, for a user whom modes do not stop, by a mount.</summary>
internal static class ReadOnlyFolder
{
    internal static bool TryMake(string folder, out IDisposable restore)
    {
        restore = new Restore(() => { });
        if (OperatingSystem.IsWindows())
            return false;
        var mode = File.GetUnixFileMode(folder);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        restore = new Restore(() =>
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, mode);
        });
        if (!CanWrite(folder))
            return true;
        restore.Dispose();
        if (!Run("mount", "--bind", folder, folder))
            return false;
        restore = new Restore(() => Run("umount", folder));
        if (Run("mount", "-o", "remount,ro,bind", folder) && !CanWrite(folder))
            return true;
        restore.Dispose();
        return false;
    }

    private static bool CanWrite(string folder)
    {
        var path = Path.Combine(folder, "probe");
        try
        {
            File.WriteAllText(path, "");
            File.Delete(path);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
