using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class JsonNumberTests
{
    [TestMethod]
    [DataRow(0.0, "0.0")]
    [DataRow(-0.0, "-0.0")]
    [DataRow(-3.5, "-3.5")]
    [DataRow(100.0, "100.0")]
    [DataRow(-2.6606838703155518, "-2.6606838703155518")]
    [DataRow(0.00001, "0.00001")]
    [DataRow(0.0000012, "1.2e-6")]
    [DataRow(1e-7, "1e-7")]
    [DataRow(1e15, "1000000000000000.0")]
    [DataRow(1e16, "1e16")]
    [DataRow(123456789012345680.0, "1.2345678901234568e17")]
    [DataRow(5e-324, "5e-324")]
    [DataRow(-1.7976931348623157e308, "-1.7976931348623157e308")]
    public void Doubles_are_written_as_Rust_writes_them(double value, string expected) => Assert.AreEqual(expected, JsonNumber.TextOf(value));

    [TestMethod]
    [DataRow(0.1f, "0.1")]
    [DataRow(1f, "1.0")]
    [DataRow(0f, "0.0")]
    [DataRow(1e-6f, "0.000001")]
    [DataRow(1e-7f, "1e-7")]
    public void Floats_are_written_as_Rust_writes_them(float value, string expected) => Assert.AreEqual(expected, JsonNumber.TextOf(value));

    [TestMethod]
    public void Any_number_reads_back_the_same()
    {
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value)) Assert.AreEqual(value, double.Parse(JsonNumber.TextOf(value), System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
