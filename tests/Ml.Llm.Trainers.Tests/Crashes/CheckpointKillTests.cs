using Ml.Llm.Checkpoints;
using Ml.Llm.KillTarget;

namespace Ml.Llm.Trainers.Tests.Crashes;

[TestClass]
public sealed class CheckpointKillTests
{
    private string folder = "";

    [TestInitialize]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("ml-llm-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    [Timeout(300_000, CooperativeCancellation = true)]
    public void After_each_of_25_kills_the_newest_checkpoint_is_whole_right_and_not_older_than_acknowledged()
    {
        var check = new CheckpointCheck(folder);
        new KillTrial(["checkpoints", folder], seed: 11).Run(25, check.AfterKill);
        Assert.AreEqual(25, check.Kills);
        Assert.IsGreaterThan(20L, check.Step, "The child must get on between kills.");
        Assert.IsGreaterThan(0, check.UnfinishedWrites, "Kills must meet writes.");
    }

    [TestMethod]
    public void A_second_process_is_refused_with_the_holders_number_until_the_holder_is_killed()
    {
        using var holder = KillTrial.Start(["hold", folder]);
        Assert.AreEqual("ready", holder.StandardOutput.ReadLine());
        var store = new CheckpointStore(folder, keep: 2, _ => { });
        var error = Assert.ThrowsExactly<CheckpointLockedException>(() => store.AcquireLock());
        Assert.AreEqual(holder.Id, error.HolderProcessId);
        Assert.AreEqual(store.Folder, error.Folder);

        using var third = KillTrial.Start(["hold", folder]);
        Assert.IsNull(third.StandardOutput.ReadLine());
        Assert.Contains(nameof(CheckpointLockedException), third.StandardError.ReadToEnd());
        third.WaitForExit();

        holder.Kill();
        holder.WaitForExit();
        using var held = store.AcquireLock();
        store.Write(1, aside => File.WriteAllText(Path.Combine(aside, "a"), ""));
        Assert.AreEqual(1L, store.OpenNewest()!.Step);
    }
}
