namespace Ml.Llm.Tests;

[TestClass]
public sealed class PlaceholderTests
{
    [TestMethod]
    public void Engine_loads() => TorchEngine.EnsureLoaded();
}
