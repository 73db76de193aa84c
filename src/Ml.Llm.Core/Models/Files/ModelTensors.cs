using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>A model's weights and gradients under the names and in the shapes that files of its family have: views, nothing is copied.</summary>
internal static class ModelTensors
{
    /// <summary>The weights.</summary>
    internal static IReadOnlyList<(string Name, Tensor Value)> Values(ModelConfig config, DecoderModel network) =>
        Named(config, network, static parameter => parameter.Value, static group => group.Value);

    /// <summary>The gradients.</summary>
    /// <exception cref="InvalidOperationException">Training was not enabled.</exception>
    internal static IReadOnlyList<(string Name, Tensor Value)> Gradients(ModelConfig config, DecoderModel network) =>
        Named(config, network,
            static parameter => parameter.Gradient ?? throw new InvalidOperationException($"{parameter.Name} is not being trained."),
            static group => group.Gradient ?? throw new InvalidOperationException($"{group.Parameters[0].Name} is not being trained."));

    private static List<(string Name, Tensor Value)> Named(ModelConfig config, DecoderModel network, Func<Parameter, Tensor> one, Func<WeightGroup, Tensor> several)
    {
        var groups = network.Parameters.Groups.ToDictionary(static group => group.Parameters[0].Name);
        using var guard = no_grad();
        var named = new List<(string Name, Tensor Value)>();
        foreach (var weight in config.WeightNames.All(network.Shape))
        {
            // Parameters that share a tensor of the file lie side by side in one group.
            var tensor = weight.Parameters.Count == 1 ? one(network.Parameters[weight.Parameters[0]]) : several(groups[weight.Parameters[0]]);
            named.Add((weight.Name, weight.Transposed ? tensor.t() : tensor.alias()));
        }

        return named;
    }
}
