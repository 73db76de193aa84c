namespace Ml.Llm;

/// <summary>The number type that a trainer computes in. Weights, gradients and optimizer state are 32-bit either way.</summary>
public enum Precision
{
    /// <summary>
    /// The faster of the two on this machine: a product of the model's size is measured once in both, at the start of training.
    /// The choice is logged and kept in checkpoints and in the trained model.
    /// </summary>
    Auto,

    /// <summary>32-bit floats.</summary>
    Fp32,

    /// <summary>bfloat16: layers compute on a 16-bit copy of the weights, and the optimizer updates the 32-bit ones.</summary>
    Bf16,
}
