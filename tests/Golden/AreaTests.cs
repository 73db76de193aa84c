namespace Ml.Llm.Golden.Tests;

/// <summary>Areas that not-yet.txt names: each of their cases counts as skipped. An area that is neither named there nor tested fails.</summary>
[TestClass]
public sealed class AreaTests
{
    public static IEnumerable<object[]> All => GoldenFolder.List(".", static root => Directory.EnumerateDirectories(root).Select(static path => Path.GetFileName(path)));

    public static IEnumerable<object[]> Adapters => GoldenFolder.Items("adapters");

    public static IEnumerable<object[]> Alignment => GoldenFolder.Items("alignment");

    public static IEnumerable<object[]> Gguf => GoldenFolder.Items("gguf");

    public static IEnumerable<object[]> Metrics => GoldenFolder.Items("metrics");

    public static IEnumerable<object[]> Real => GoldenFolder.Items("real");

    [TestMethod, DynamicData(nameof(All))]
    public void Every_area_is_tested_or_named_as_not_yet(string area)
    {
        GoldenFolder.Require(".", area);
        var tested = typeof(AreaTests).Assembly.GetTypes().Where(static type => type != typeof(AreaTests))
            .SelectMany(static type => type.GetCustomAttributes(typeof(TestCategoryAttribute), inherit: false).Cast<TestCategoryAttribute>())
            .SelectMany(static category => category.TestCategories);
        Assert.IsTrue(NotYet.Names("area", area) || tested.Contains($"golden-{area}"), $"No test runs the cases of {area}, and not-yet.txt does not name it.");
    }

    [TestMethod, TestCategory("golden-adapters"), DynamicData(nameof(Adapters))]
    public void Adapters_are_not_built_yet(string name) => Skip("adapters", name);

    [TestMethod, TestCategory("golden-alignment"), DynamicData(nameof(Alignment))]
    public void Alignment_is_not_built_yet(string name) => Skip("alignment", name);

    [TestMethod, TestCategory("golden-gguf"), DynamicData(nameof(Gguf))]
    public void Gguf_is_not_built_yet(string name) => Skip("gguf", name);

    [TestMethod, TestCategory("golden-metrics"), DynamicData(nameof(Metrics))]
    public void Metrics_are_not_built_yet(string name) => Skip("metrics", name);

    [TestMethod, TestCategory("golden-real"), DynamicData(nameof(Real))]
    public void Real_models_are_not_built_yet(string name)
    {
        GoldenFolder.Require("real", name);
        NotYet.SkipArea("real/models");
        Assert.Fail($"real/{name} has no test of the model itself. The area's own test class takes the place of this method.");
    }

    private static void Skip(string area, string name)
    {
        GoldenFolder.Require(area, name);
        NotYet.SkipArea(area);
        Assert.Fail($"{area}/{name} has no test. The area's own test class takes the place of this method.");
    }
}
