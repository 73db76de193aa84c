using System.Text.Json;
using Ml.Llm.Checkpoints;
using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Golden.Tests;

/// <summary>What the tests of area training share: options and schedules by Hugging Face's names, and numbers of tensors.</summary>
internal static class TrainingCases
{
    internal const string Area = "training";

    private static readonly string[] KnownOptions =
    [
        "optim", "learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm", "gradient_accumulation_steps",
        "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "label_smoothing_factor", "max_steps", "decay_parameters",
    ];

    /// <summary>TrainingArguments as our options; an argument that is not known fails the test.</summary>
    internal static TrainingOptions Options(JsonElement arguments)
    {
        NotYet.SkipFeatures(arguments);
        foreach (var argument in arguments.EnumerateObject())
            Assert.Contains(argument.Name, KnownOptions, $"The option {argument.Name} is not known.");
        Assert.AreEqual("adamw_torch", arguments.Text("optim"), "The optimizer is not known.");
        Assert.AreEqual(0, arguments.Number("label_smoothing_factor"), "Label smoothing is not known.");
        var rate = arguments.Number("learning_rate");
        var (schedule, warmup) = Schedule(arguments.Text("lr_scheduler_type"), arguments.Get("lr_scheduler_kwargs"), rate, arguments.Number("warmup_steps"));
        return new TrainingOptions
        {
            MaxSteps = arguments.Integer("max_steps"),
            LearningRate = rate,
            WeightDecay = arguments.Number("weight_decay"),
            AdamBeta1 = arguments.Number("adam_beta1"),
            AdamBeta2 = arguments.Number("adam_beta2"),
            AdamEpsilon = arguments.Number("adam_epsilon"),
            MaxGradNorm = arguments.Number("max_grad_norm"),
            GradientAccumulationSteps = (int)arguments.Integer("gradient_accumulation_steps"),
            Schedule = schedule,
            WarmupSteps = warmup >= 1 ? (long)warmup : 0,
            WarmupRatio = warmup < 1 ? warmup : 0,
            Precision = Precision.Fp32,
            LoadBestModelAtEnd = false,
        };
    }

    /// <summary>A scheduler by its name, and the warm-up that it obeys.</summary>
    internal static (LearningRateSchedule Schedule, double Warmup) Schedule(string name, JsonElement arguments, double rate, double warmup)
    {
        var given = arguments.EnumerateObject().ToDictionary(static argument => argument.Name, static argument => argument.Value.GetDouble());
        var result = name switch
        {
            "linear" => (LearningRateSchedule.Linear, warmup),
            "constant" => (LearningRateSchedule.Constant, 0), // This name of the peer's has no warm-up.
            "constant_with_warmup" => (LearningRateSchedule.Constant, warmup),
            "cosine" => (new CosineSchedule { NumCycles = Take("num_cycles", 0.5) }, warmup),
            "cosine_with_min_lr" => (new CosineSchedule { NumCycles = Take("num_cycles", 0.5), MinLearningRateRatio = Take("min_lr_rate", Take("min_lr", 0) / rate) }, warmup),
            _ => throw new AssertFailedException($"The schedule {name} is not known."),
        };
        Assert.IsEmpty(given, $"Arguments of {name} are not known.");
        return result;

        double Take(string argument, double otherwise) => given.Remove(argument, out var value) ? value : otherwise;
    }

    /// <summary>A tensor of a file as floats.</summary>
    internal static float[] Floats(SafetensorsFile file, string name)
    {
        using var tensor = file.Read(name);
        return Floats(tensor);
    }

    /// <summary>A tensor's numbers.</summary>
    internal static unsafe float[] Floats(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = tensor.detach().to(ScalarType.Float32).contiguous();
        return new ReadOnlySpan<float>(TensorMemory.Floats(plain), (int)plain.numel()).ToArray();
    }

    /// <summary>A tensor of whole numbers of a file.</summary>
    internal static unsafe long[] Longs(SafetensorsFile file, string name)
    {
        using var tensor = file.Read(name);
        return new ReadOnlySpan<long>(TensorMemory.Longs(tensor), (int)tensor.numel()).ToArray();
    }
}
