namespace Ml.Llm.Models;

/// <summary>Hugging Face's names of activation functions.</summary>
internal static class ActivationNames
{
    private static readonly Dictionary<string, Activation> ByName = new()
    {
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["relu"] = Activation.Relu,
        ["tanh"] = Activation.Tanh,
    };

    /// <summary>The names that are known.</summary>
    internal static IReadOnlyCollection<string> All => ByName.Keys;

    /// <summary>The function of a name that is known.</summary>
    internal static Activation Parse(string name) => ByName[name];
}
