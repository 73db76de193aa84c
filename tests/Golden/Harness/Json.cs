using System.Text.Json;

namespace Ml.Llm.Golden.Tests;

/// <summary>Reading of case files: a field that is missing or a number that is none fails the test and is named.</summary>
internal static class Json
{
    internal static JsonElement Read(string path)
    {
        if (!File.Exists(path))
            Assert.Fail($"{path} is missing.");
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    internal static JsonElement Get(this JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value))
            Assert.Fail($"The case lacks {name}.");
        return value;
    }

    internal static string Text(this JsonElement json, string name) => json.Get(name).GetString() ?? throw new AssertFailedException($"{name} is null.");

    internal static double Number(this JsonElement json, string name)
    {
        var value = json.Get(name).GetDouble();
        Assert.IsTrue(double.IsFinite(value), $"{name} is not finite.");
        return value;
    }

    internal static long Integer(this JsonElement json, string name) => json.Get(name).GetInt64();

    /// <summary>The items of an array, which may not be empty.</summary>
    internal static IReadOnlyList<JsonElement> Items(this JsonElement json, string name)
    {
        JsonElement[] items = [.. json.Get(name).EnumerateArray()];
        Assert.IsNotEmpty(items, $"{name} is empty.");
        return items;
    }

    /// <summary>The numbers of an array, all finite, as floats.</summary>
    internal static float[] Floats(this JsonElement json, string name)
    {
        float[] values = [.. json.Items(name).Select(static item => item.GetSingle())];
        Assert.IsTrue(values.All(float.IsFinite), $"{name} holds a number that is not finite.");
        return values;
    }
}
