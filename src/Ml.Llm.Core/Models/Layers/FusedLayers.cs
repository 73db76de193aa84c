namespace Ml.Llm.Models.Layers;

internal static class FusedLayers
{
    internal static ILayers Instance => PlainLayers.Instance;
}
