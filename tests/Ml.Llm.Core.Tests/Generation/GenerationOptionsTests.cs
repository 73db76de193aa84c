namespace Ml.Llm.Core.Tests.Generation;

[TestClass]
public sealed class GenerationOptionsTests
{
    [TestMethod]
    public void Defaults_are_valid() => new GenerationOptions().Validate();

    [TestMethod]
    public void Each_bad_value_is_named()
    {
        (string Option, GenerationOptions Options)[] cases =
        [
            (nameof(GenerationOptions.MaxNewTokens), new() { MaxNewTokens = 0 }),
            (nameof(GenerationOptions.Temperature), new() { Temperature = 0 }),
            (nameof(GenerationOptions.Temperature), new() { Temperature = double.NaN }),
            (nameof(GenerationOptions.TopK), new() { TopK = -1 }),
            (nameof(GenerationOptions.TopP), new() { TopP = 0 }),
            (nameof(GenerationOptions.TopP), new() { TopP = 1.1 }),
            (nameof(GenerationOptions.MinP), new() { MinP = -0.1 }),
            (nameof(GenerationOptions.RepetitionPenalty), new() { RepetitionPenalty = 0 }),
            (nameof(GenerationOptions.BatchSize), new() { BatchSize = 0 }),
            (nameof(GenerationOptions.StopStrings), new() { StopStrings = ["x", ""] }),
            (nameof(GenerationOptions.EosTokenIds), new() { EosTokenIds = [-1] }),
        ];
        foreach (var (option, options) in cases)
        {
            var problem = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate, option);
            Assert.AreEqual(option, problem.ParamName);
        }
    }
}
