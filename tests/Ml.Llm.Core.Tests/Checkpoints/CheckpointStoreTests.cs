using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ml.Llm.Checkpoints;

namespace Ml.Llm.Core.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointStoreTests
{
    private readonly List<string> said = [];

    [TestMethod]
    public void Writes_sealed_folders_and_keeps_the_newest_ones()
    {
        using var folder = new TemporaryFolder();
        var store = new CheckpointStore(folder.Combine("runs/checkpoints"), keep: 2, said.Add);
        Assert.IsNull(store.OpenNewest());
        using var held = store.AcquireLock();
        foreach (var step in new[] { 1L, 9L, 10L, 123_456_789L })
            store.Write(step, WriterOf(step));
        Assert.AreSequenceEqual(["step-00000010", "step-123456789"], Checkpoints(store.Folder));
        var newest = store.OpenNewest()!;
        Assert.AreEqual(123_456_789L, newest.Step);
        Assert.AreEqual("weights of 123456789", File.ReadAllText(newest.PathOf("weights.bin")));
        Assert.AreEqual("state of 123456789", File.ReadAllText(newest.PathOf("state/inner.txt")));
        Assert.ThrowsExactly<ModelFormatException>(() => newest.PathOf("other"));
        Assert.IsEmpty(said);
    }

    [TestMethod]
    [DataRow("weights.bin")]
    [DataRow("state/inner.txt")]
    [DataRow("manifest.json")]
    public void Any_cut_flipped_bit_or_loss_of_any_file_makes_it_fall_back_and_say_so(string name)
    {
        using var folder = new TemporaryFolder();
        var store = TwoCheckpoints(folder.Path);
        var path = Path.Combine(folder.Path, "step-00000002", name);
        var good = File.ReadAllBytes(path);
        var damages = new List<byte[]?>([null, [], good[..^1], [.. good, 0]]);
        for (var at = 0; at < good.Length; at += Math.Max(1, good.Length / 40))
        {
            for (var bit = 0; bit < 8; bit += 1 + (at % 3))
            {
                var flipped = good.ToArray();
                flipped[at] ^= (byte)(1 << bit);
                damages.Add(flipped);
            }
        }

        foreach (var damage in damages)
        {
            said.Clear();
            if (damage is null)
                File.Delete(path);
            else
                File.WriteAllBytes(path, damage);
            Assert.AreEqual(1L, store.OpenNewest()!.Step);
            Assert.HasCount(1, said);
            Assert.Contains("step-00000002 is damaged", said[0]);
            Assert.Contains("goes on from step-00000001", said[0]);
        }

        File.WriteAllBytes(path, good);
        Assert.AreEqual(2L, store.OpenNewest()!.Step);
    }

    [TestMethod]
    public void A_run_that_fell_back_writes_over_the_damaged_ones_and_prunes_none_that_are_whole()
    {
        using var folder = new TemporaryFolder();
        using (Write(folder.Path, 1, 2, 3))
        {
        }

        File.WriteAllText(Path.Combine(folder.Path, "step-00000003", "weights.bin"), "x");
        var store = new CheckpointStore(folder.Path, keep: 2, said.Add);
        using var held = store.AcquireLock();
        Assert.AreEqual(2L, store.OpenNewest()!.Step);
        store.Write(3, WriterOf(3));
        Assert.AreSequenceEqual(["step-00000002", "step-00000003"], Checkpoints(folder.Path));
        Assert.AreEqual(3L, store.OpenNewest()!.Step);
    }

    [TestMethod]
    public void Damaged_ones_do_not_count_towards_the_limit()
    {
        using var folder = new TemporaryFolder();
        using (Write(folder.Path, 1, 2, 3))
        {
        }

        File.WriteAllText(Path.Combine(folder.Path, "step-00000003", "weights.bin"), "x");
        var store = new CheckpointStore(folder.Path, keep: 2, said.Add);
        using var held = store.AcquireLock();
        store.OpenNewest();
        store.Write(4, WriterOf(4));
        Assert.AreSequenceEqual(["step-00000002", "step-00000004"], Checkpoints(folder.Path));
    }

    [TestMethod]
    public void When_none_is_whole_it_is_an_error_not_a_fresh_start()
    {
        using var folder = new TemporaryFolder();
        var store = TwoCheckpoints(folder.Path);
        foreach (var name in Checkpoints(folder.Path))
            File.Delete(Path.Combine(folder.Path, name, "weights.bin"));
        var error = Assert.ThrowsExactly<CheckpointException>(() => store.OpenNewest());
        Assert.Contains("none of the checkpoints is whole", error.Message);
        Assert.Contains("step-00000001", error.Message);
    }

    [TestMethod]
    public void A_newer_format_is_an_error_that_names_both_formats()
    {
        using var folder = new TemporaryFolder();
        var store = TwoCheckpoints(folder.Path);
        var path = Path.Combine(folder.Path, "step-00000002", "manifest.json");
        var zeros = new string('0', 64);
        var text = File.ReadAllText(path).Replace("\"format\": 1", "\"format\": 7", StringComparison.Ordinal);
        text = text[..text.LastIndexOf(": \"", StringComparison.Ordinal)] + $": \"{zeros}\"\n}}";
        text = text.Replace(zeros, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), StringComparison.Ordinal);
        File.WriteAllText(path, text);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => store.OpenNewest());
        Assert.Contains("format 7", error.Message);
        Assert.Contains("formats up to 1", error.Message);
    }

    [TestMethod]
    public void A_manifest_that_names_files_outside_is_damage()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Combine("secret"), "s");
        var inside = folder.Combine("step-00000001");
        Directory.CreateDirectory(inside);
        File.WriteAllText(Path.Combine(inside, "a"), "s");
        CheckpointManifest.Seal(inside, 1);
        var path = Path.Combine(inside, "manifest.json");
        var zeros = new string('0', 64);
        var text = File.ReadAllText(path).Replace("\"a\"", "\"../secret\"", StringComparison.Ordinal);
        text = text[..text.LastIndexOf(": \"", StringComparison.Ordinal)] + $": \"{zeros}\"\n}}";
        File.WriteAllText(path, text.Replace(zeros, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), StringComparison.Ordinal));
        Assert.IsNull(CheckpointManifest.Verify(inside, 1, out var problem));
        Assert.Contains("outside of the folder", problem);
    }

    [TestMethod]
    public void Unfinished_folders_go_when_the_lock_is_taken_and_are_never_opened()
    {
        using var folder = new TemporaryFolder();
        var store = TwoCheckpoints(folder.Path);
        var stale = folder.Combine(".tmp-3-0123");
        Directory.CreateDirectory(stale);
        File.WriteAllText(Path.Combine(stale, "weights.bin"), "half");
        Assert.AreEqual(2L, store.OpenNewest()!.Step);
        using var held = store.AcquireLock();
        Assert.IsFalse(Directory.Exists(stale));
        Assert.Contains(".tmp-3-0123", said.Single());
    }

    [TestMethod]
    public void A_full_disk_is_a_typed_error_that_leaves_the_older_ones_whole()
    {
        if (!File.Exists("/dev/full"))
            Assert.Inconclusive("This system has no /dev/full.");
        using var folder = new TemporaryFolder();
        using var held = Write(folder.Path, 1, 2);
        var error = Assert.ThrowsExactly<CheckpointException>(() => held.Store.Write(3, aside =>
        {
            File.WriteAllText(Path.Combine(aside, "weights.bin"), "begun");
            File.WriteAllText("/dev/full", "no room");
        }));
        Assert.Contains("step 3 could not be written", error.Message);
        Assert.IsInstanceOfType<IOException>(error.InnerException);
        Assert.AreSequenceEqual(["step-00000001", "step-00000002"], Checkpoints(folder.Path));
        Assert.IsEmpty(Directory.GetDirectories(folder.Path, ".tmp-*"));
        Assert.AreEqual(2L, held.Store.OpenNewest()!.Step);
        held.Store.Write(3, WriterOf(3));
        Assert.AreEqual(3L, held.Store.OpenNewest()!.Step);
    }

    [TestMethod]
    public void An_exception_of_the_writer_passes_through_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var held = Write(folder.Path, 1);
        Assert.ThrowsExactly<OperationCanceledException>(() => held.Store.Write(2, _ => throw new OperationCanceledException()));
        Assert.AreSequenceEqual(["step-00000001"], Checkpoints(folder.Path));
        Assert.IsEmpty(Directory.GetDirectories(folder.Path, ".tmp-*"));
    }

    [TestMethod]
    public void Too_little_room_is_refused_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        var store = new CheckpointStore(folder.Path, 2, said.Add) { FreeBytes = _ => 1_199 };
        using var held = store.AcquireLock();
        var called = false;
        var error = Assert.ThrowsExactly<CheckpointException>(() => store.Write(1, _ => called = true, estimatedBytes: 1_000));
        Assert.Contains("1,200", error.Message);
        Assert.IsFalse(called);
        store.Write(1, aside => File.WriteAllBytes(Path.Combine(aside, "weights.bin"), new byte[990]), estimatedBytes: 999);
        // Without an estimate the newest one's size, manifest and all, counts.
        Assert.ThrowsExactly<CheckpointException>(() => store.Write(2, _ => called = true));
        Assert.IsGreaterThan(0L, DiskSpace.FreeBytes(folder.Path)!.Value);
    }

    [TestMethod]
    public void A_folder_that_cannot_be_made_is_a_typed_error()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Combine("file"), "");
        var store = new CheckpointStore(folder.Combine("file/checkpoints"), 2, said.Add);
        var error = Assert.ThrowsExactly<CheckpointException>(() => store.AcquireLock());
        Assert.Contains("cannot be used", error.Message);
        Assert.AreEqual(store.Folder, error.Folder);
    }

    [TestMethod]
    public void A_read_only_folder_is_a_typed_error_and_its_checkpoints_are_still_read()
    {
        using var folder = new TemporaryFolder();
        using var held = Write(folder.Path, 1, 2);
        if (!ReadOnlyFolder.TryMake(folder.Path, out var restore))
            Assert.Inconclusive("This user can write in every folder and cannot mount one read-only.");
        using (restore)
        {
            Assert.ThrowsExactly<CheckpointException>(() => held.Store.Write(3, WriterOf(3)));
            Assert.AreEqual(2L, held.Store.OpenNewest()!.Step);
        }
    }

    [TestMethod]
    public void Writing_without_the_lock_or_beside_a_later_whole_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        var store = TwoCheckpoints(folder.Path);
        Assert.ThrowsExactly<InvalidOperationException>(() => store.Write(3, WriterOf(3)));
        var later = new CheckpointStore(folder.Path, 2, said.Add);
        using var held = later.AcquireLock();
        var error = Assert.ThrowsExactly<CheckpointException>(() => later.Write(1, WriterOf(1)));
        Assert.Contains("whole checkpoint of step 2", error.Message);
        later.RemoveAll();
        Assert.IsNull(later.OpenNewest());
        later.Write(1, WriterOf(1));
        later.Write(1, _ => Assert.Fail("The step that was just written is not written again."));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CheckpointStore(folder.Path, 1, said.Add));
    }

    [TestMethod]
    public void A_second_holder_in_this_process_is_refused_until_the_first_lets_go()
    {
        using var folder = new TemporaryFolder();
        var first = new CheckpointStore(folder.Path, 2, said.Add);
        var second = new CheckpointStore(folder.Path, 2, said.Add);
        using (first.AcquireLock())
        {
            var error = Assert.ThrowsExactly<CheckpointLockedException>(() => second.AcquireLock());
            Assert.AreEqual(Environment.ProcessId, error.HolderProcessId);
            Assert.Contains(folder.Path, error.Message);
            Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), error.Message);
        }

        using (second.AcquireLock())
            second.Write(1, WriterOf(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => second.Write(2, WriterOf(2)));
    }

    internal static Action<string> WriterOf(long step) => folder =>
    {
        File.WriteAllText(Path.Combine(folder, "weights.bin"), string.Create(CultureInfo.InvariantCulture, $"weights of {step}"));
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        File.WriteAllText(Path.Combine(folder, "state", "inner.txt"), string.Create(CultureInfo.InvariantCulture, $"state of {step}"));
    };

    private static string[] Checkpoints(string folder) =>
        [.. Directory.GetDirectories(folder, "step-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private CheckpointStore TwoCheckpoints(string folder)
    {
        using var held = Write(folder, 1, 2);
        return held.Store;
    }

    private Held Write(string folder, params long[] steps)
    {
        var store = new CheckpointStore(folder, null, said.Add);
        var held = store.AcquireLock();
        foreach (var step in steps)
            store.Write(step, WriterOf(step));
        return new Held(store, held);
    }

    private sealed record Held(CheckpointStore Store, IDisposable Lock) : IDisposable
    {
        public void Dispose() => Lock.Dispose();
    }
}
