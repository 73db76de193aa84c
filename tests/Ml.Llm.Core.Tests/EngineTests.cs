using TorchSharp;

namespace Ml.Llm.Core.Tests;

[TestClass]
public sealed class EngineTests
{
    [TestMethod]
    public void Loads_and_multiplies()
    {
        TorchEngine.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        var product = torch.ones(2, 3).matmul(torch.ones(3, 2));
        Assert.AreEqual(3f, product[0, 0].item<float>());
    }
}
