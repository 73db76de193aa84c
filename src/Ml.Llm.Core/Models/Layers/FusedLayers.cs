using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>
/// The layer functions with forward and backward written by hand: products into memory of ours, kernels in C# for the rest,
/// weight gradients straight into the flat gradient. For fp32 and bf16 on the CPU; anything else goes to the twin.
/// </summary>
internal sealed class FusedLayers : ILayers
{
    private static readonly PlainLayers Plain = PlainLayers.Instance;

    internal static FusedLayers Instance { get; } = new();

    public Tensor Embed(Tensor ids, WeightGroup tokens, WeightGroup? positions, AttentionLayout layout, int? paddingToken, ScalarType type) =>
        LayerFunction.Run(new EmbedStep(ids.contiguous(), tokens, positions, layout, paddingToken, type), tokens.Value)[0];

    public Tensor Linear(Tensor x, WeightGroup weight, WeightGroup? bias) =>
        LayerFunction.Run(new LinearStep(weight, bias, activation: null), x)[0];

    public Tensor LinearActivation(Tensor x, WeightGroup weight, WeightGroup? bias, Activation activation) => Takes(activation)
        ? LayerFunction.Run(new LinearStep(weight, bias, activation), x)[0]
        : PlainLayers.Activate(Linear(x, weight, bias), activation);

    public Tensor Gate(Tensor gateUp, Activation activation) => Takes(activation)
        ? LayerFunction.Run(new GateStep(activation), gateUp)[0]
        : Plain.Gate(gateUp, activation);

    public (Tensor Sum, Tensor Normed) AddNorm(Tensor x, Tensor? branch, Norm norm)
    {
        if (branch is null)
            return (x, LayerFunction.Run(new AddNormStep(norm, sumWanted: false), x)[0]);
        var outputs = LayerFunction.Run(new AddNormStep(norm, sumWanted: true), x, branch);
        return (outputs[0], outputs[1]);
    }

    public Tensor AddNormLast(Tensor x, Tensor? branch, Norm norm) => branch is null
        ? LayerFunction.Run(new AddNormStep(norm, sumWanted: false), x)[0]
        : LayerFunction.Run(new AddNormStep(norm, sumWanted: false), x, branch)[0];

    public Tensor Attend(Tensor queryKeyValue, AttentionGeometry attention, AttentionLayout layout, double dropout) => dropout > 0
        ? Plain.Attend(queryKeyValue, attention, layout, dropout)
        : LayerFunction.Run(queryKeyValue.dtype == ScalarType.BFloat16 && TileAttention.Fits(attention.HeadDim) ? new TileAttendStep(attention, layout) : new AttendStep(attention, layout), queryKeyValue)[0];

    public LossResult CrossEntropy(Tensor hidden, Tensor labels, WeightGroup head, double scale)
    {
        var step = new CrossEntropyStep(labels.contiguous(), head, scale);
        var loss = LayerFunction.Run(step, hidden)[0];
        return new LossResult(loss, step.Count, step.Sum);
    }

    private static bool Takes(Activation activation) => activation is Activation.Gelu or Activation.GeluTanh or Activation.Silu;
}
