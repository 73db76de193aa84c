namespace Ml.Llm.Models;

/// <summary>The angles of rotary positions: angle = position x frequency.</summary>
/// <remarks>
/// Su et al., RoFormer (arXiv 2104.09864); linear: Chen et al. (arXiv 2306.15595); llama3: as published with LLaMA 3.1; yarn: Peng
/// et al. (arXiv 2309.00071), in the forms that Hugging Face computes.
/// </remarks>
internal static class RotaryFrequencies
{
    /// <summary>Computes the frequencies.</summary>
    /// <param name="theta">The base.</param>
    /// <param name="dimensions">The number of rotated dimensions of a head, even.</param>
    /// <param name="scaling">The scaling, or null.</param>
    /// <param name="maxPositions">The model's context length, taken where the scaling names no original one.</param>
    /// <returns>dimensions / 2 frequencies, and what cosines and sines are multiplied by.</returns>
    internal static (float[] Frequencies, float AttentionFactor) Compute(double theta, int dimensions, RopeScaling? scaling, int maxPositions)
    {
        var plain = new double[dimensions / 2];
        for (var i = 0; i < plain.Length; i++)
            plain[i] = Math.Pow(theta, -2.0 * i / dimensions);
        var original = scaling?.OriginalMaxPositionEmbeddings ?? maxPositions;
        double[] frequencies = scaling?.RopeType switch
        {
            null => plain,
            "linear" => [.. plain.Select(frequency => frequency / scaling.Factor)],
            "llama3" => [.. plain.Select(frequency => LlamaThree(frequency, scaling, original))],
            "yarn" => Yarn(plain, theta, dimensions, scaling, original),
            var other => throw new ArgumentException($"Rotary scaling \"{other}\" is not known.", nameof(scaling)),
        };
        return ([.. frequencies.Select(static frequency => (float)frequency)], scaling?.RopeType == "yarn" ? (float)YarnAttentionFactor(scaling) : 1);
    }

    private static double LlamaThree(double frequency, RopeScaling scaling, int original)
    {
        var (low, high) = (scaling.LowFreqFactor!.Value, scaling.HighFreqFactor!.Value);
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < original / high)
            return frequency;
        if (wavelength > original / low)
            return frequency / scaling.Factor;
        var smooth = ((original / wavelength) - low) / (high - low);
        return ((1 - smooth) * frequency / scaling.Factor) + (smooth * frequency);
    }

    private static double[] Yarn(double[] plain, double theta, int dimensions, RopeScaling scaling, int original)
    {
        // The dimension whose wave turns this many times within the original length.
        double Dimension(double rotations) => dimensions * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));

        var low = Dimension(scaling.BetaFast ?? 32);
        var high = Dimension(scaling.BetaSlow ?? 1);
        if (scaling.Truncate)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
        if (low == high)
            high += 0.001;
        var result = new double[plain.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            result[i] = (plain[i] / scaling.Factor * ramp) + (plain[i] * (1 - ramp));
        }

        return result;
    }

    private static double YarnAttentionFactor(RopeScaling scaling)
    {
        double Scale(double weight) => scaling.Factor <= 1 ? 1 : (0.1 * weight * Math.Log(scaling.Factor)) + 1;

        if (scaling.AttentionFactor is { } given)
            return given;
        return scaling.Mscale is > 0 and var mscale && scaling.MscaleAllDim is > 0 and var all ? Scale(mscale) / Scale(all) : Scale(1);
    }
}
