namespace Ml.Llm.Bench;

/// <summary>One thing that is measured: a job in one precision and one variant.</summary>
internal abstract class Contender : IDisposable
{
    /// <summary>The job's name.</summary>
    internal required string Job { get; init; }

    /// <summary>fp32 or bf16.</summary>
    internal required string Precision { get; init; }

    /// <summary>What a rate counts, a second.</summary>
    internal required string Unit { get; init; }

    /// <summary>The shape, where a job has several.</summary>
    internal string? Shape { get; init; }

    /// <summary>default: our ways of doing less work; plain: as Hugging Face's Trainer works.</summary>
    internal string? Variant { get; init; }

    /// <summary>loop or pipeline.</summary>
    internal string? Through { get; init; }

    /// <summary>The number of weights, where a model is trained.</summary>
    internal long? Params { get; init; }

    /// <summary>Gives its memory back.</summary>
    public abstract void Dispose();
}

/// <summary>A contender that is asked for one step after the other.</summary>
internal abstract class SteppedContender : Contender
{
    /// <summary>Whether it is only measured beside the others, a step a round as long as they run, and never waited for.</summary>
    internal bool IsBeside { get; init; }

    /// <summary>Runs one whole step.</summary>
    /// <returns>The work done, in the unit's numerator.</returns>
    internal abstract double Step();
}

/// <summary>
/// A contender that owns its loop and calls back after each step; the others take their turns within the call, on the same
/// thread. On a thread of its own it would bring a second team of OpenMP threads, and with more such threads than processors
/// the engine's threads no longer wait by spinning, which slows everybody's short kernels.
/// </summary>
internal abstract class LoopOwner : Contender
{
    /// <summary>Runs steps until the callback says false.</summary>
    /// <param name="afterStep">Takes the work of the step that ended; whether to go on.</param>
    internal abstract void Run(Func<double, bool> afterStep);
}
