using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>
/// All weights of a model in one contiguous fp32 tensor, and their gradients in another. Optimizer, gradient norm,
/// checkpoint and all-reduce are then each a pass over one tensor; layers see views.
/// </summary>
/// <remarks>
/// The weights that decay come first, so that decoupled weight decay is a prefix. Groups begin at multiples of 16
/// elements (64 bytes); the gaps hold zeros and stay zero under every update.
/// </remarks>
/// <threadsafety>Reading is safe from several threads; training is not.</threadsafety>
internal sealed class ParameterSet : IDisposable
{
    private const long Alignment = 16;
    private readonly List<WeightGroup> groups = [];
    private readonly Dictionary<string, Parameter> byName = [];
    private readonly List<Tensor> owned = [];
    private readonly List<(string[] Names, long[] Shape, long[][] Parts, bool Decays)> declared = [];

    /// <summary>All parameters, in the order of the flat buffers.</summary>
    internal IReadOnlyList<Parameter> All { get; private set; } = [];

    /// <summary>All groups, in the order of declaration.</summary>
    internal IReadOnlyList<WeightGroup> Groups => groups;

    /// <summary>The length of the flat buffers, gaps included.</summary>
    internal long Count { get; private set; }

    /// <summary>The length of the prefix that weight decay applies to.</summary>
    internal long DecayCount { get; private set; }

    /// <summary>The number of weights, gaps excluded.</summary>
    internal long ParameterCount => All.Sum(static parameter => parameter.Count);

    /// <summary>The fp32 weights, [Count].</summary>
    internal Tensor Values { get; private set; } = null!;

    /// <summary>The fp32 gradients, [Count]; null until training is enabled.</summary>
    internal Tensor? Gradients { get; private set; }

    /// <summary>The weights in bf16, [Count], where the compute type is bf16; else null.</summary>
    internal Tensor? Compute { get; private set; }

    /// <summary>The type that layers compute in.</summary>
    internal ScalarType ComputeType { get; private set; } = ScalarType.Float32;

    internal Parameter this[string name] => byName.TryGetValue(name, out var parameter)
        ? parameter
        : throw new KeyNotFoundException($"The model has no parameter named {name}.");

    /// <summary>Declares a group of parameters that lie side by side. The group's tensors are there after <see cref="Allocate"/>.</summary>
    /// <param name="shape">The shape of the whole.</param>
    /// <param name="decays">Whether weight decay applies.</param>
    /// <param name="parts">Name and number of rows of each parameter.</param>
    internal WeightGroup Declare(long[] shape, bool decays, params ReadOnlySpan<(string Name, long Rows)> parts)
    {
        var names = new string[parts.Length];
        var shapes = new long[parts.Length][];
        long rows = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            names[i] = parts[i].Name;
            shapes[i] = [parts[i].Rows, .. shape.AsSpan(1)];
            rows += parts[i].Rows;
        }

        if (rows != shape[0])
            throw new ArgumentException($"The parts of {names[0]} have {rows} rows together, the whole has {shape[0]}.", nameof(parts));
        declared.Add((names, shape, shapes, decays));
        var group = new WeightGroup(new List<Parameter>(names.Length), shape);
        groups.Add(group);
        return group;
    }

    /// <summary>Lays out everything declared and allocates the values, all zero.</summary>
    internal void Allocate(ScalarType computeType, Device device)
    {
        long offset = 0;
        var all = new List<Parameter>();
        foreach (var decays in (bool[])[true, false])
        {
            for (var i = 0; i < declared.Count; i++)
            {
                var (names, _, parts, groupDecays) = declared[i];
                if (groupDecays != decays)
                    continue;
                for (var part = 0; part < names.Length; part++)
                {
                    var parameter = new Parameter(names[part], parts[part], decays, offset);
                    ((List<Parameter>)groups[i].Parameters).Add(parameter);
                    byName.Add(parameter.Name, parameter);
                    all.Add(parameter);
                    offset += parameter.Count;
                }

                offset = (offset + Alignment - 1) / Alignment * Alignment;
            }

            if (decays)
                DecayCount = offset;
        }

        All = all;
        Count = offset;
        ComputeType = computeType;
        using var scope = NewDisposeScope();
        Values = Keep(zeros(Count, ScalarType.Float32, device));
        foreach (var parameter in all)
            parameter.Value = Keep(View(Values, parameter.Offset, parameter.Shape));
        foreach (var group in groups)
            group.Value = Keep(View(Values, group.Parameters[0].Offset, group.Shape));
        MakeComputeCopy();
    }

    /// <summary>Allocates gradients and makes the weights leaves of autograd.</summary>
    internal void EnableTraining()
    {
        if (Gradients is not null)
            return;
        using var scope = NewDisposeScope();
        Gradients = Keep(zeros_like(Values));
        foreach (var parameter in All)
            parameter.Gradient = Keep(View(Gradients, parameter.Offset, parameter.Shape));
        foreach (var group in groups)
        {
            group.Gradient = Keep(View(Gradients, group.Parameters[0].Offset, group.Shape));
            var isCompute = ReferenceEquals(group.Compute, group.Value);
            group.Value = Keep(group.Value.detach().requires_grad_(true));
            group.Value.grad = group.Gradient;
            if (isCompute)
                group.Compute = group.Value;
        }
    }

    /// <summary>Changes the type that layers compute in.</summary>
    internal void UseComputeType(ScalarType computeType)
    {
        if (computeType == ComputeType)
            return;
        ComputeType = computeType;
        using var scope = NewDisposeScope();
        MakeComputeCopy();
    }

    /// <summary>Brings the bf16 copy up to date after the values were changed. The optimizer does this in its own pass.</summary>
    internal void RefreshCompute()
    {
        if (Compute is null)
            return;
        using var guard = no_grad();
        Compute.copy_(Values);
    }

    /// <summary>Lets every gradient count as zero; the first write of the step overwrites.</summary>
    internal void BeginStep()
    {
        foreach (var group in groups)
            group.Written = false;
    }

    /// <summary>Clears the gradients that no function wrote in this step.</summary>
    internal void FinishBackward()
    {
        foreach (var group in groups)
        {
            if (!group.Written)
                group.GradientToAddTo();
        }
    }

    public void Dispose()
    {
        foreach (var tensor in owned)
            tensor.Dispose();
        owned.Clear();
    }

    private static Tensor View(Tensor flat, long offset, long[] shape)
    {
        var count = shape.Aggregate(1L, static (product, size) => product * size);
        return flat.narrow(0, offset, count).view(shape);
    }

    private void MakeComputeCopy()
    {
        using var guard = no_grad();
        if (Compute is not null)
        {
            Release(Compute);
            foreach (var group in groups)
                Release(group.Compute);
        }

        if (ComputeType == ScalarType.Float32)
        {
            Compute = null;
            foreach (var group in groups)
                group.Compute = group.Value;
            return;
        }

        Compute = Keep(Values.to(ComputeType));
        foreach (var group in groups)
            group.Compute = Keep(View(Compute, group.Parameters[0].Offset, group.Shape));
    }

    private Tensor Keep(Tensor tensor)
    {
        tensor.DetachFromDisposeScope();
        owned.Add(tensor);
        return tensor;
    }

    private void Release(Tensor tensor)
    {
        owned.Remove(tensor);
        tensor.Dispose();
    }
}
