using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Win32.SafeHandles;

namespace Ml.Llm.Engine;

/// <summary>
/// Loads TorchSharp's native library on Linux systems whose libstdc++ is older than the one it was linked with.
/// </summary>
/// <remarks>
/// The library asks for GLIBCXX_3.4.32 for one symbol that nothing relocates against, so it runs without it. On
/// such a system the runtime's own search fails; then a copy with that version marked weak is loaded from memory
/// (memfd), so that no file is written and several processes do not meet.
/// </remarks>
internal static partial class NativeEngineLoader
{
    private const string LibraryName = "LibTorchSharp";
    private const uint CloseOnExec = 1;
    private const uint Executable = 0x10;
    private static readonly Lock Gate = new();
    private static nint handle;

    [ModuleInitializer]
    internal static void Register()
    {
        if (OperatingSystem.IsLinux())
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
    }

    /// <summary>The folders that hold native libraries of this application, most specific first.</summary>
    internal static IEnumerable<string> NativeFolders()
    {
        var separator = OperatingSystem.IsWindows() ? ';' : ':';
        var listed = $"{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}"
            .Split(separator, StringSplitOptions.RemoveEmptyEntries);
        return listed.Append(AppContext.BaseDirectory);
    }

    /// <summary>The path of a native library of this application, or null where there is none.</summary>
    internal static string? Find(string fileName) =>
        NativeFolders().Select(folder => Path.Combine(folder, fileName)).FirstOrDefault(File.Exists);

    private static nint Resolve(Assembly assembly, string name)
    {
        if (!string.Equals(name, LibraryName, StringComparison.Ordinal))
            return 0;
        lock (Gate)
        {
            if (handle != 0)
                return handle;
            if (Find("libLibTorchSharp.so") is not { } source || Find("libtorch.so") is not { } torch)
                return 0;
            var image = File.ReadAllBytes(source);
            if (!ElfVersionNeeds.MarkWeak(image, "GLIBCXX_3.4.32"u8))
                return 0;
            NativeLibrary.Load(torch); // First: the copy in memory has no $ORIGIN to find it by.
            var descriptor = CreateMemoryFile(LibraryName, CloseOnExec | Executable);
            if (descriptor < 0)
                descriptor = CreateMemoryFile(LibraryName, CloseOnExec); // Kernels before 6.3 refuse the flag.
            if (descriptor < 0)
                return 0;
            using var file = new SafeFileHandle(descriptor, ownsHandle: true);
            RandomAccess.Write(file, image, 0);
            return handle = NativeLibrary.Load($"/proc/self/fd/{descriptor}");
        }
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
