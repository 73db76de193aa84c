namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class TrainingOptionsTests
{
    public static IEnumerable<object[]> Wrong =>
    [
        ["MaxSteps", new TrainingOptions { MaxSteps = 0 }],
        ["NumTrainEpochs", new TrainingOptions { NumTrainEpochs = 0 }],
        ["BatchSize", new TrainingOptions { BatchSize = 0 }],
        ["GradientAccumulationSteps", new TrainingOptions { GradientAccumulationSteps = 0 }],
        ["LearningRate", new TrainingOptions { LearningRate = -1 }],
        ["LearningRate", new TrainingOptions { LearningRate = double.NaN }],
        ["Schedule", new TrainingOptions { Schedule = null! }],
        ["WarmupSteps", new TrainingOptions { MaxSteps = 10, WarmupSteps = 11 }],
        ["WarmupRatio", new TrainingOptions { WarmupRatio = 1 }],
        ["AdamBeta1", new TrainingOptions { AdamBeta1 = 1 }],
        ["AdamBeta2", new TrainingOptions { AdamBeta2 = -0.1 }],
        ["AdamEpsilon", new TrainingOptions { AdamEpsilon = 0 }],
        ["WeightDecay", new TrainingOptions { WeightDecay = double.PositiveInfinity }],
        ["MaxGradNorm", new TrainingOptions { MaxGradNorm = -1 }],
        ["Precision", new TrainingOptions { Precision = (Precision)3 }],
        ["ValidationFraction", new TrainingOptions { ValidationFraction = 1 }],
        ["EvaluateEverySteps", new TrainingOptions { EvaluateEverySteps = 0 }],
        ["EvaluationBatchSize", new TrainingOptions { EvaluationBatchSize = 0 }],
        ["MaxEvaluationBatches", new TrainingOptions { MaxEvaluationBatches = 0 }],
        ["EarlyStoppingPatience", new TrainingOptions { EarlyStoppingPatience = 2 }],
        ["EarlyStoppingThreshold", new TrainingOptions { EarlyStoppingThreshold = -1 }],
        ["CheckpointEverySteps", new TrainingOptions { CheckpointEverySteps = 0 }],
        ["SaveTotalLimit", new TrainingOptions { SaveTotalLimit = 1 }],
        ["LoggingSteps", new TrainingOptions { LoggingSteps = 0 }],
        ["Threads", new TrainingOptions { Threads = 0 }],
        ["CheckpointFolder", new TrainingOptions { CheckpointFolder = "" }],
        ["MetricsFile", new TrainingOptions { MetricsFile = "" }],
        ["Resume", new TrainingOptions { Resume = true }],
        ["NumCycles", new TrainingOptions { Schedule = new CosineSchedule { NumCycles = 0 } }],
        ["MinLearningRateRatio", new TrainingOptions { Schedule = new CosineSchedule { MinLearningRateRatio = 2 } }],
    ];

    [TestMethod, DynamicData(nameof(Wrong))]
    public void A_wrong_option_is_named(string name, TrainingOptions options)
    {
        var error = Assert.Throws<ArgumentException>(options.Validate);
        Assert.AreEqual(name, error.ParamName);
        Assert.Contains(name, error.Message);
    }

    [TestMethod]
    public void Defaults_are_valid()
    {
        new TrainingOptions().Validate();
        new CausalLanguageModelOptions().Validate();
    }
}
