namespace Ml.Llm.Training;

/// <summary>The numbers of one AdamW update, the same for every element, made once from options, rate and step.</summary>
/// <param name="GradientScale">What gradients are multiplied by first: clipping.</param>
/// <param name="Beta1">Decay of the mean of gradients.</param>
/// <param name="Beta2">Decay of the mean of squared gradients.</param>
/// <param name="OneMinusBeta1">1 - Beta1, from the doubles.</param>
/// <param name="OneMinusBeta2">1 - Beta2, from the doubles.</param>
/// <param name="StepSize">Learning rate / (1 - Beta1^t).</param>
/// <param name="RootCorrection">1 / sqrt(1 - Beta2^t).</param>
/// <param name="Epsilon">Added after the bias correction.</param>
/// <param name="Keep">1 - learning rate * weight decay, for elements that decay.</param>
internal readonly record struct AdamWStep(
    float GradientScale, float Beta1, float Beta2, float OneMinusBeta1, float OneMinusBeta2, float StepSize, float RootCorrection, float Epsilon, float Keep)
{
    /// <summary>The numbers of update t, counted from 1.</summary>
    internal static AdamWStep For(long t, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, double gradientScale) =>
        new(
            (float)gradientScale,
            (float)beta1,
            (float)beta2,
            (float)(1 - beta1),
            (float)(1 - beta2),
            (float)(learningRate / (1 - Math.Pow(beta1, t))),
            (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, t))),
            (float)epsilon,
            (float)(1 - (learningRate * weightDecay)));
}
