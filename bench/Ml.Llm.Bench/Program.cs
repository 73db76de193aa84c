using Ml.Llm;
using Ml.Llm.Bench;
using Ml.Llm.Bench.Tokenizers;

try
{
    var options = BenchOptions.Parse(args);
    TorchEngine.UseThreads(options.Threads);
    // The same allocator for every variant: plain is not slowed by faulting its tensors in anew.
    TorchEngine.KeepMemory();
    if (options.Jobs is ["peak"])
    {
        TrainingJobs.RunForPeak(options.Contender ?? throw new UsageException("peak needs --contender JOB:PRECISION:VARIANT:THROUGH."));
        return 0;
    }

    Report.Line(Machine.Describe());
    double? matmul = null;
    foreach (var job in options.Jobs)
    {
        switch (job)
        {
            case "matmul":
                matmul = RunRaw(RawSpeed.Products());
                break;
            case "bandwidth":
                RunRaw(RawSpeed.Reading());
                break;
            case "learning":
                Learning.Run(options);
                break;
            case "memory":
                if (!MemoryOverSteps.Run(options))
                    return 1;
                break;
            case "encode":
                EncodeJob.Run(TokenizerFolder.Prepare(options.Folder), options);
                break;
            case "train-tokenizer":
                TrainTokenizerJob.Run(TokenizerFolder.Prepare(options.Folder), options);
                break;
            case "chat":
                ChatJob.Run(options);
                break;
            default:
                TrainingJobs.Run(job, options, matmul);
                break;
        }
    }

    return 0;

    double? RunRaw(IReadOnlyList<SteppedContender> contenders)
    {
        double? yardstick = null;
        foreach (var measured in Measurement.Alternate(contenders, options.Seconds))
        {
            Report.Line(Report.Of(measured, matmul: null, peakMib: null));
            if (measured.Contender is { Shape: RawSpeed.Yardstick, Precision: "bf16" })
                yardstick = measured.Median;
            measured.Contender.Dispose();
        }

        return yardstick;
    }
}
catch (LlmException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 2;
}
