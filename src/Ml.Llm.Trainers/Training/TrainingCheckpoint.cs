using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>The files of one training checkpoint: state.json, weights, moments, and the best weights where there are such.</summary>
/// <remarks>Tensors carry the parameters' own names, so that a checkpoint does not depend on the layout of the flat buffers.</remarks>
internal static class TrainingCheckpoint
{
    private const string StateFile = "state.json";
    private const string WeightsFile = "weights.safetensors";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string BestFile = "best.safetensors";
    private const string MeanPrefix = "exp_avg.";
    private const string SquarePrefix = "exp_avg_sq.";

    /// <summary>Writes the files into a folder that is there.</summary>
    internal static void Write(string folder, TrainingState state, ParameterSet parameters, FlatAdamW optimizer, Tensor? best)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(Path.Combine(folder, WeightsFile), Views(parameters, parameters.Values, ""));
        SafetensorsWriter.Write(Path.Combine(folder, OptimizerFile),
            [.. Views(parameters, optimizer.Mean, MeanPrefix), .. Views(parameters, optimizer.Square, SquarePrefix)]);
        if (best is not null)
            SafetensorsWriter.Write(Path.Combine(folder, BestFile), Views(parameters, best, ""));
        using (var random = get_rng_state())
            state.EngineRandomState = Convert.ToBase64String(random.bytes);
        state.OptimizerSteps = optimizer.Steps;
        File.WriteAllBytes(Path.Combine(folder, StateFile), state.ToBytes());
    }

    /// <summary>Reads the state alone.</summary>
    /// <exception cref="ModelFormatException">It is not there or not a state.</exception>
    internal static TrainingState ReadState(string folder)
    {
        var file = Path.Combine(folder, StateFile);
        if (!File.Exists(file))
            throw new ModelFormatException(file, "it is missing, so the folder is no checkpoint of a training run.");
        return TrainingState.FromBytes(File.ReadAllBytes(file), file);
    }

    /// <summary>Puts weights, moments, best weights and the engine's random state back.</summary>
    /// <returns>The best weights, a tensor of the caller's, or null where the checkpoint has none.</returns>
    /// <exception cref="ModelFormatException">A file is missing or does not fit the model.</exception>
    internal static Tensor? Restore(string folder, TrainingState state, ParameterSet parameters, FlatAdamW optimizer)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        Read(folder, WeightsFile, Views(parameters, parameters.Values, ""));
        Read(folder, OptimizerFile, [.. Views(parameters, optimizer.Mean, MeanPrefix), .. Views(parameters, optimizer.Square, SquarePrefix)]);
        optimizer.Steps = state.OptimizerSteps;
        parameters.RefreshCompute();
        RestoreRandom(Path.Combine(folder, StateFile), state.EngineRandomState);
        if (!File.Exists(Path.Combine(folder, BestFile)))
            return null;
        var best = zeros_like(parameters.Values);
        Read(folder, BestFile, Views(parameters, best, ""));
        return best.MoveToOuterDisposeScope().DetachFromDisposeScope();
    }

    private static void Read(string folder, string name, List<(string Name, Tensor Value)> views)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, name));
        foreach (var (tensor, view) in views)
            file.ReadInto(tensor, view);
    }

    private static List<(string Name, Tensor Value)> Views(ParameterSet parameters, Tensor flat, string prefix) =>
        [.. parameters.All.Select(parameter => (prefix + parameter.Name, flat.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape)))];

    private static void RestoreRandom(string file, string state)
    {
        var bytes = new byte[(state.Length / 4 * 3) + 3];
        using var present = get_rng_state();
        // The engine ends the process where the size is wrong, so it is checked here.
        if (!Convert.TryFromBase64String(state, bytes, out var length) || length != present.numel())
            throw new ModelFormatException(file, "the engine's random state in it is damaged, or of another version of the engine.");
        using var saved = tensor(bytes.AsSpan(0, length).ToArray());
        set_rng_state(saved);
    }
}
