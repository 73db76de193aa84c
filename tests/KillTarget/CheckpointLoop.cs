using System.Buffers.Binary;
using System.Security.Cryptography;
using Ml.Llm.Checkpoints;

namespace Ml.Llm.KillTarget;

/// <summary>
/// Writes checkpoints without pause: a state that each step makes from the one before, as training does, and weights
/// that follow from the state. Says "ready" when it begins and "saved STEP" when a checkpoint is acknowledged.
/// </summary>
public static class CheckpointLoop
{
    private const string StateFile = "state.bin";
    private const string WeightsFile = "model/weights.bin";

    public static int Run(string folder)
    {
        var store = new CheckpointStore(folder, keep: 2, line => Console.WriteLine($"log {line}"));
        using var held = store.AcquireLock();
        var step = 0L;
        var state = new byte[SHA256.HashSizeInBytes];
        if (store.OpenNewest() is { } newest)
        {
            step = newest.Step;
            state = File.ReadAllBytes(newest.PathOf(StateFile));
        }

        Console.WriteLine("ready");
        while (true)
        {
            step++;
            state = Next(state, step);
            store.Write(step, aside => WriteFiles(aside, step, state));
            Console.WriteLine($"saved {step}");
        }
    }

    /// <summary>The state after a step.</summary>
    internal static byte[] Next(byte[] state, long step)
    {
        Span<byte> text = stackalloc byte[SHA256.HashSizeInBytes + sizeof(long)];
        state.CopyTo(text);
        BinaryPrimitives.WriteInt64LittleEndian(text[SHA256.HashSizeInBytes..], step);
        return SHA256.HashData(text);
    }

    /// <summary>Throws unless the checkpoint holds what its step makes.</summary>
    internal static void CheckContent(CheckpointFolder checkpoint, byte[] state)
    {
        if (!File.ReadAllBytes(checkpoint.PathOf(StateFile)).AsSpan().SequenceEqual(state))
            throw new InvalidOperationException($"The state of step {checkpoint.Step} is not what its steps make.");
        if (!File.ReadAllBytes(checkpoint.PathOf(WeightsFile)).AsSpan().SequenceEqual(Weights(checkpoint.Step, state)))
            throw new InvalidOperationException($"The weights of step {checkpoint.Step} are not what its state makes.");
    }

    private static void WriteFiles(string folder, long step, byte[] state)
    {
        Directory.CreateDirectory(Path.Combine(folder, "model"));
        File.WriteAllBytes(Path.Combine(folder, WeightsFile), Weights(step, state));
        File.WriteAllBytes(Path.Combine(folder, StateFile), state);
    }

    // From 10 KB to 600 KB, so that kills meet every stage of a write.
    private static byte[] Weights(long step, byte[] state)
    {
        var random = new Random(BinaryPrimitives.ReadInt32LittleEndian(state));
        var bytes = new byte[10_000 + (int)(step * 97_003 % 600_000)];
        random.NextBytes(bytes);
        return bytes;
    }
}
