using System.Diagnostics;
using System.Globalization;
using Ml.Llm.KillTarget;

// The process that the crash tests kill, and the one that kills it many times over (bench/kill.sh).
return args switch
{
    ["checkpoints", var folder] => CheckpointLoop.Run(folder),
    ["train", var folder] => TrainingRun.Run(folder),
    ["hold", var folder] => LockHolder.Run(folder),
    ["kill", var folder, var kills, var seed] => Kill(folder, Number(kills), Number(seed)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Kill(string folder, int kills, int seed)
{
    var clock = Stopwatch.StartNew();
    var trial = new KillTrial(["checkpoints", folder], seed);
    var check = new CheckpointCheck(folder);
    trial.Run(kills, acknowledged =>
    {
        check.AfterKill(acknowledged);
        if (check.Kills % 50 == 0)
            Console.WriteLine($"{check.Kills} kills, step {check.Step}, {check.UnfinishedWrites} in the midst of a write, {clock.Elapsed.TotalSeconds:F0} s");
    });
    Console.WriteLine($"{check.Kills} kills: {check.Kills} times the newest checkpoint was whole and no older than the last one that was acknowledged; "
        + $"{check.UnfinishedWrites} kills fell in the midst of a write, {check.UnfinishedFolders} left an unfinished folder; {check.Step} steps in {clock.Elapsed.TotalSeconds:F0} s.");
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: checkpoints FOLDER | train FOLDER | hold FOLDER | kill FOLDER KILLS SEED");
    return 2;
}
