using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Engine;

/// <summary>Runs C# over a range on libtorch's own threads, so that our kernels and its products do not fight over the processors.</summary>
/// <threadsafety>May be called from several threads at once; calls inside a body run on the calling thread alone.</threadsafety>
internal static unsafe partial class EngineThreads
{
    /// <summary>Runs a body over [0, count) in pieces, each on one of libtorch's threads; returns when all are done.</summary>
    /// <param name="count">The length of the range; 0 runs nothing.</param>
    /// <param name="grain">A range not longer than this runs on the calling thread, without the cost of waking others (about 1 microsecond).</param>
    /// <param name="body">Is given the begin and end of a piece. Where the pieces lie depends on the number of threads, so what it computes must not.</param>
    internal static void For(long count, long grain, Action<long, long> body)
    {
        if (count <= 0)
            return;
        if (count <= grain)
        {
            body(0, count);
            return;
        }

        var work = new Work(body);
        var handle = GCHandle.Alloc(work);
        try
        {
            var code = ParallelFor(0, count, grain, &Run, (void*)GCHandle.ToIntPtr(handle));
            work.Failure?.Throw();
            if (code != 0)
                throw new LlmException($"libtorch's parallel_for failed with code {code}; its own message went to the error stream.");
        }
        finally
        {
            handle.Free();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Run(long begin, long end, void* context)
    {
        var work = (Work)GCHandle.FromIntPtr((nint)context).Target!;
        try
        {
            work.Body(begin, end);
        }
        catch (Exception failure)
        {
            // An exception may not cross native frames: it is kept and thrown on the calling thread.
            work.Failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }

    [LibraryImport("torch_cpu", EntryPoint = "torch_parallel_for")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int ParallelFor(long begin, long end, long grain, delegate* unmanaged[Cdecl]<long, long, void*, void> body, void* context);

    private sealed class Work(Action<long, long> body)
    {
        internal Action<long, long> Body { get; } = body;

        internal ExceptionDispatchInfo? Failure { get; set; }
    }
}
