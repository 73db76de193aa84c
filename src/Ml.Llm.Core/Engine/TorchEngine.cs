using System.Runtime.InteropServices;
using Ml.Llm.Engine;
using TorchSharp;

namespace Ml.Llm;

/// <summary>The engine under Ml.Llm (libtorch through TorchSharp): loading it, its threads, its memory, its devices.</summary>
/// <remarks>All of this is the process's by nature: one engine, one number of threads, one allocator.</remarks>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public static partial class TorchEngine
{
    private const int TrimThreshold = -1;
    private const int MaximumMappings = -4;
    private static readonly Lock Gate = new();
    private static bool loaded;
    private static bool memoryKept;
    private static int? chosenThreads;

    /// <summary>The number of threads that the engine computes with (default: the number of processors).</summary>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public static int Threads
    {
        get
        {
            EnsureLoaded();
            return torch.get_num_threads();
        }
    }

    /// <summary>
    /// Loads the engine, or says which package to add. Every entry point of Ml.Llm calls it; a program in F# or Visual
    /// Basic that touches torch before anything of Ml.Llm calls it first itself.
    /// </summary>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public static void EnsureLoaded()
    {
        lock (Gate)
        {
            if (loaded)
                return;
            // Asked before torch is touched: its static constructor fails once and for all, with a misleading message.
            var library = OperatingSystem.IsWindows() ? "torch_cpu.dll"
                : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib"
                : "libtorch_cpu.so";
            if (NativeEngineLoader.Find(library) is null)
            {
                throw new EngineNotFoundException(
                    "No libtorch was found beside this program: add the package TorchSharp-cpu (or TorchSharp-cuda-windows or "
                    + "TorchSharp-cuda-linux), version 0.107.0, to the project that is run.");
            }

            try
            {
                torch.InitializeDeviceType(DeviceType.CPU);
            }
            catch (Exception failure) when (failure is TypeInitializationException or NotSupportedException or DllNotFoundException)
            {
                throw new EngineNotFoundException(
                    $"libtorch is there but does not load on this system ({RuntimeInformation.OSDescription}): "
                    + $"{failure.InnerException?.Message ?? failure.Message} Check that the engine package is TorchSharp-cpu 0.107.0 for this platform.",
                    failure);
            }

            loaded = true;
        }
    }

    /// <summary>Sets the number of threads that the engine computes with, once for the whole process.</summary>
    /// <param name="threads">At least 1.</param>
    /// <param name="warn">Told in one sentence where another number was chosen earlier in this process; the later one holds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public static void UseThreads(int threads, Action<string>? warn = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        EnsureLoaded();
        lock (Gate)
        {
            if (chosenThreads is { } earlier && earlier != threads)
            {
                warn?.Invoke(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"The engine's threads are one setting of the process: {earlier} were chosen before, {threads} hold from now on, also for work that is under way."));
            }

            chosenThreads = threads;
            torch.set_num_threads(threads);
        }
    }

    /// <summary>
    /// Lets the C allocator keep freed memory for the next tensor instead of giving it back at once (glibc's mallopt), which
    /// saves faulting in every large tensor anew. It holds for the whole process; trainers and batch scoring call it unless told not to.
    /// </summary>
    /// <returns>Whether the setting was made by this call; false where it was made before, or the system has no such setting.</returns>
    public static bool KeepMemory()
    {
        lock (Gate)
        {
            if (memoryKept || !OperatingSystem.IsLinux())
                return false;
            try
            {
                memoryKept = SetAllocatorOption(MaximumMappings, 0) == 1 && SetAllocatorOption(TrimThreshold, int.MaxValue) == 1;
            }
            catch (EntryPointNotFoundException)
            {
                return false; // musl has no mallopt.
            }

            return memoryKept;
        }
    }

    /// <summary>The device that ML.NET's two settings mean.</summary>
    /// <param name="gpuDeviceId">MLContext.GpuDeviceId: null for the CPU, else the index of a CUDA device.</param>
    /// <param name="fallbackToCpu">MLContext.FallbackToCpu: take the CPU, with a warning, where there is no such device.</param>
    /// <param name="warn">Told in one sentence where the CPU is taken in place of a GPU.</param>
    /// <returns>The device.</returns>
    /// <exception cref="EngineNotFoundException">There is no such device and the CPU may not be taken, or no engine is installed.</exception>
    public static torch.Device ResolveDevice(int? gpuDeviceId, bool fallbackToCpu, Action<string>? warn = null)
    {
        EnsureLoaded();
        if (gpuDeviceId is not { } index)
            return torch.CPU;
        var available = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (index >= 0 && index < available)
            return torch.device(DeviceType.CUDA, index);
        var problem = string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"MLContext.GpuDeviceId is {index}, but the engine sees {available} CUDA devices");
        if (!fallbackToCpu)
        {
            throw new EngineNotFoundException(
                problem + ": set GpuDeviceId to null or FallbackToCpu to true to compute on the CPU, or install a CUDA engine package and driver.");
        }

        warn?.Invoke(problem + ": the CPU is used instead.");
        return torch.CPU;
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetAllocatorOption(int parameter, int value);
}
