using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm.Transforms.Tests.Hosting;

[TestClass]
public sealed class HostingTests
{
    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    public void A_shape_keeps_keys_vectors_and_annotations()
    {
        var data = ml.Data.LoadFromEnumerable([new Row { Label = "a" }, new Row { Label = "b" }]);
        var keyed = ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        var shape = SchemaShapes.Of(keyed.Schema);
        var label = shape.Find("Label")!.Value;
        Assert.IsTrue(label.IsKey);
        Assert.IsNotNull(label.Annotations.Find("KeyValues"));
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, shape.Find("Numbers")!.Value.Kind);
        Assert.IsNull(shape.Find("None"));
    }

    [TestMethod]
    public void An_added_column_replaces_one_of_its_name()
    {
        var shape = SchemaShapes.Of(ml.Data.LoadFromEnumerable([new Row()]).Schema);
        var with = shape.With([new DataViewSchema.DetachedColumn("Label", NumberDataViewType.Single)]);
        Assert.HasCount(2, with);
        Assert.AreEqual(NumberDataViewType.Single, with.Find("Label")!.Value.ItemType);
        var error = Assert.ThrowsExactly<DataFormatException>(() => shape.Require("Numbers", TextDataViewType.Instance, "Test"));
        Assert.AreEqual("Numbers", error.Column);
        Assert.Contains("Vector of Single", error.Message);
    }

    [TestMethod]
    public void Messages_reach_the_log_as_they_are()
    {
        var seen = new List<(string Kind, string Message)>();
        ml.Log += (_, message) => seen.Add((message.Kind.ToString(), message.RawMessage));
        var host = new ComponentHost(ml, "Doors");
        host.Info("braces {0} and {");
        host.Warning("look {here}");
        Assert.Contains(("Info", "braces {0} and {"), seen);
        Assert.Contains(("Warning", "look {here}"), seen);
    }

    private sealed class Row
    {
        public string Label { get; set; } = "";

        [VectorType(2)]
        public float[] Numbers { get; set; } = [0, 0];
    }
}
