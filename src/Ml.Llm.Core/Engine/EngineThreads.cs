using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Engine;

/// <summary>Runs C# over a range on libtorch's own threads, so that our kernels and its products do not fight over the processors.</summary>
/// <threadsafety>May be called from several threads at once; calls inside a body run on the calling thread alone.</threadsafety>
internal static unsafe partial class EngineThreads
{
    /// <summary>Into how many pieces for each thread a range is divided: enough to even out threads that are held up.</summary>
    private const int PiecesPerThread = 8;

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

        // Whole grains, so that pieces begin where vectors and cache lines do.
        var grains = (count + grain - 1) / grain;
        var wanted = (long)PiecesPerThread * TorchSharp.torch.get_num_threads();
        var size = (grains + wanted - 1) / wanted * grain;
        Share((count + size - 1) / size, queue =>
        {
            while (queue.Next(out var piece))
                body(piece * size, Math.Min(count, (piece + 1) * size));
        });
    }

    /// <summary>
    /// Lets every one of libtorch's threads take task after task from one queue; returns when all are done. Unlike pieces laid
    /// out beforehand, a thread that the system holds up leaves the rest to the others.
    /// </summary>
    /// <param name="count">The number of tasks; 0 runs nothing.</param>
    /// <param name="worker">Runs once on each thread and takes tasks until there are none. Which thread takes which varies, so what a task computes must not depend on it.</param>
    internal static void Share(long count, Action<TaskQueue> worker)
    {
        if (count <= 0)
            return;
        var work = new Work(worker, new TaskQueue(count));
        var handle = GCHandle.Alloc(work);
        try
        {
            var code = ParallelFor(0, Math.Min(count, TorchSharp.torch.get_num_threads()), 1, &Run, (void*)GCHandle.ToIntPtr(handle));
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
            work.Worker(work.Queue);
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

    private sealed class Work(Action<TaskQueue> worker, TaskQueue queue)
    {
        internal Action<TaskQueue> Worker { get; } = worker;

        internal TaskQueue Queue { get; } = queue;

        internal ExceptionDispatchInfo? Failure { get; set; }
    }
}
