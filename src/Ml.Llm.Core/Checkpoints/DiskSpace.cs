namespace Ml.Llm.Checkpoints;

/// <summary>How much room a disk has.</summary>
internal static class DiskSpace
{
    /// <summary>The bytes that this process may still write where a folder is, or null where the system does not say.</summary>
    internal static long? FreeBytes(string folder)
    {
        // Elsewhere any path will do and means its own file system; Windows wants a drive and knows none for a network path.
        var place = OperatingSystem.IsWindows() ? Path.GetPathRoot(folder) : folder;
        if (string.IsNullOrEmpty(place) || place.StartsWith(@"\\", StringComparison.Ordinal))
            return null;
        try
        {
            return new DriveInfo(place).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
