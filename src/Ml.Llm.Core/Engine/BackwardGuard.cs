using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Ml.Llm.Engine;

/// <summary>
/// Runs backward so that an error in a backward function of ours reaches the caller: thrown through native frames it would
/// end the process, so functions keep it here and return, and it is thrown when libtorch's backward has come back.
/// </summary>
/// <remarks>Backward over CPU tensors runs on the calling thread, so what is kept is kept per thread.</remarks>
internal static class BackwardGuard
{
    [ThreadStatic]
    private static ExceptionDispatchInfo? kept;

    /// <summary>Whether a function failed in the backward that is running on this thread: the others need not work any more.</summary>
    internal static bool Failed => kept is not null;

    /// <summary>Keeps the first error.</summary>
    internal static void Keep(Exception failure) => kept ??= ExceptionDispatchInfo.Capture(failure);

    /// <summary>loss.backward(), and then what a function of ours threw, if one did.</summary>
    internal static void Backward(Tensor loss)
    {
        kept = null;
        loss.backward();
        ThrowIfFailed();
    }

    /// <summary>Throws what was kept.</summary>
    internal static void ThrowIfFailed()
    {
        var failure = kept;
        kept = null;
        failure?.Throw();
    }
}
