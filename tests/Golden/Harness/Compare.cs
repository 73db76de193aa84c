namespace Ml.Llm.Golden.Tests;

/// <summary>Comparison of numbers with what a peer computed; what is not finite, on either side, fails.</summary>
internal static class Compare
{
    /// <summary>Fails unless abs(got - expected) is at most the tolerance.</summary>
    internal static void Number(double expected, double got, double tolerance, string what)
    {
        Assert.IsTrue(double.IsFinite(expected), $"{what}: the expected value is {expected}.");
        Assert.IsTrue(double.IsFinite(got), $"{what}: the result is {got}.");
        Assert.IsLessThanOrEqualTo(tolerance, Math.Abs(got - expected), $"{what}: {got:R} differs from {expected:R} by {Math.Abs(got - expected):E2}, more than {tolerance:E2}.");
    }

    /// <summary>Fails unless every element is within atol + rtol * abs(expected); elements whose row is left out are not looked at.</summary>
    /// <param name="expected">What the peer computed.</param>
    /// <param name="got">The result.</param>
    /// <param name="atol">Absolute tolerance.</param>
    /// <param name="rtol">Relative tolerance.</param>
    /// <param name="what">What is compared, for the message.</param>
    /// <param name="counts">Tells for each row whether it counts; null for all.</param>
    /// <param name="rowLength">The number of elements in a row.</param>
    internal static void Floats(ReadOnlySpan<float> expected, ReadOnlySpan<float> got, double atol, double rtol, string what, Func<int, bool>? counts = null, int rowLength = 1)
    {
        if (expected.Length != got.Length)
            Assert.Fail($"{what}: {got.Length} elements where {expected.Length} are expected.");
        var (worst, place, compared) = (0.0, -1, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            if (counts?.Invoke(i / rowLength) == false)
                continue;
            compared++;
            Assert.IsTrue(float.IsFinite(expected[i]), $"{what}: the expected element {i} is {expected[i]}.");
            Assert.IsTrue(float.IsFinite(got[i]), $"{what}: element {i} is {got[i]}.");
            var share = Math.Abs((double)got[i] - expected[i]) / (atol + (rtol * Math.Abs(expected[i])));
            if (share > worst)
                (worst, place) = (share, i);
        }

        Assert.AreNotEqual(0, compared, $"{what}: nothing counts.");
        Assert.IsLessThanOrEqualTo(1, worst, $"{what}: element {place} is {(place < 0 ? 0 : got[place])}, expected {(place < 0 ? 0 : expected[place])}: {worst:F1} times the tolerance.");
    }
}
