// What a user's program might do, by the first argument. This file names nothing of Ml.Llm before it is needed.
switch (args[0])
{
    case "torch-first":
        Console.WriteLine(TorchSharp.torch.ones(2, 3).sum().item<float>());
        return;
    case "entry-points":
        EntryPoints.Call(args[1]);
        return;
    case "train":
        Round.Train();
        return;
    case "complete":
        Round.Complete();
        return;
    default:
        throw new ArgumentException($"There is no case named {args[0]}.");
}
