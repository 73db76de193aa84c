using System.Security.Cryptography;
using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests.Data;

[TestClass]
public sealed class TokenFileTests
{
    private static readonly byte[] Ours = TokenFileHeader.FingerprintOf("corpus", "tokenizer");
    private readonly List<string> said = [];
    private string folder = "";

    private string File1 => Path.Combine(folder, "tokens.bin");

    [TestInitialize]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("ml-llm-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    [DataRow(300, 2)]
    [DataRow(65_536, 2)]
    [DataRow(65_537, 4)]
    public void Ids_come_back_from_any_place_at_the_width_that_the_vocabulary_needs(int vocabulary, int width)
    {
        var random = new Random(5);
        var documents = Enumerable.Range(0, 40).Select(_ => Ids(random, random.Next(0, 40_000), vocabulary)).ToList();
        documents.Add([vocabulary - 1, 0]);
        using var written = Write(vocabulary, documents);
        var all = documents.SelectMany(ids => ids).Select(id => (long)id).ToArray();
        using var opened = TokenFile.TryOpen(File1, Ours, vocabulary, said.Add, out var state)!;
        Assert.AreEqual(TokenFileState.Opened, state);
        Assert.AreEqual(128 + (all.LongLength * width), new FileInfo(File1).Length);
        Assert.AreEqual(all.LongLength, opened.TokenCount);
        Assert.AreEqual(41L, opened.DocumentCount);
        var read = new long[all.Length];
        opened.CopyTo(0, read);
        Assert.AreSequenceEqual(all, read);
        var window = new long[100];
        opened.CopyTo(all.Length - 100, window);
        Assert.AreSequenceEqual(all[^100..], window);
        Assert.IsTrue(opened.ContentIsIntact());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => opened.CopyTo(all.Length - 99, window));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => opened.CopyTo(-1, window));
        Assert.IsEmpty(said);
    }

    [TestMethod]
    public void An_empty_corpus_makes_a_file_without_ids()
    {
        using var file = Write(300, []);
        Assert.AreEqual(0L, file.TokenCount);
        file.CopyTo(0, []);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => file.CopyTo(0, new long[1]));
    }

    [TestMethod]
    public void Another_corpus_tokenizer_or_vocabulary_is_reported_and_the_file_stays()
    {
        Write(300, [[1, 2, 3]]).Dispose();
        Assert.IsNull(TokenFile.TryOpen(File1, TokenFileHeader.FingerprintOf("corpus", "other"), 300, said.Add, out var other));
        Assert.AreEqual(TokenFileState.OtherFingerprint, other);
        Assert.IsNull(TokenFile.TryOpen(File1, Ours, 301, said.Add, out var larger));
        Assert.AreEqual(TokenFileState.OtherFingerprint, larger);
        Assert.IsNull(TokenFile.TryOpen(Path.Combine(folder, "none"), Ours, 300, said.Add, out var none));
        Assert.AreEqual(TokenFileState.Absent, none);
        Assert.IsTrue(File.Exists(File1));
        Assert.IsFalse(TokenFileHeader.FingerprintOf("ab", "c").SequenceEqual(TokenFileHeader.FingerprintOf("a", "bc")));
    }

    [TestMethod]
    public void What_a_killed_run_left_is_thrown_away_and_said()
    {
        // A kill leaves the file aside: written in part, never renamed.
        File.WriteAllBytes(File1 + ".tmp-0123", new byte[500]);
        Assert.IsNull(TokenFile.TryOpen(File1, Ours, 300, said.Add, out var state));
        Assert.AreEqual(TokenFileState.ThrownAway, state);
        Assert.Contains("half-written", said.Single());
        Assert.IsEmpty(Directory.GetFiles(folder));
    }

    [TestMethod]
    public void Every_cut_and_every_damage_to_the_header_is_found()
    {
        Write(300, [[1, 2, 3, 4]]).Dispose();
        var good = File.ReadAllBytes(File1);
        var damages = Enumerable.Range(0, good.Length).Select(length => good[..length]).ToList();
        damages.Add([.. good, 0]);
        for (var at = 0; at < 112; at++)
        {
            var flipped = good.ToArray();
            flipped[at] ^= 16;
            damages.Add(flipped);
        }

        foreach (var damage in damages)
        {
            File.WriteAllBytes(File1, damage);
            said.Clear();
            Assert.IsNull(TokenFile.TryOpen(File1, Ours, 300, said.Add, out var state));
            Assert.AreEqual(TokenFileState.ThrownAway, state);
            Assert.Contains("tokens.bin is thrown away", said.Single());
            Assert.IsFalse(File.Exists(File1));
        }
    }

    [TestMethod]
    public void A_whole_file_of_a_newer_version_is_an_error_and_stays()
    {
        Write(300, [[1, 2, 3, 4]]).Dispose();
        var bytes = File.ReadAllBytes(File1);
        bytes[8] = 9;
        SHA256.HashData(bytes.AsSpan(0, 104)).AsSpan(0, 8).CopyTo(bytes.AsSpan(104));
        File.WriteAllBytes(File1, bytes);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => TokenFile.TryOpen(File1, Ours, 300, said.Add, out _));
        Assert.Contains("version 9", error.Message);
        Assert.IsTrue(File.Exists(File1));
    }

    [TestMethod]
    public void Damaged_ids_are_found_by_the_hash_and_impossible_ones_at_once()
    {
        Write(300, [[1, 2, 3, 4]]).Dispose();
        var bytes = File.ReadAllBytes(File1);
        bytes[128 + 3] = 0x80;
        File.WriteAllBytes(File1, bytes);
        using var file = TokenFile.TryOpen(File1, Ours, 300, said.Add, out _)!;
        Assert.IsFalse(file.ContentIsIntact());
        file.CopyTo(2, new long[2]);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => file.CopyTo(0, new long[4]));
        Assert.Contains("32770", error.Message);
    }

    [TestMethod]
    public void Ids_outside_of_the_vocabulary_are_refused_and_an_unfinished_file_leaves_nothing()
    {
        using (var writer = TokenFile.Create(File1, Ours, 300))
        {
            writer.AppendDocument([1, 2]);
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => writer.AppendDocument([1, 300]));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => writer.AppendDocument([-1]));
            Assert.AreEqual(2L, writer.TokenCount);
        }

        Assert.IsEmpty(Directory.GetFiles(folder));
    }

    [TestMethod]
    public void Use_after_disposing_is_an_error_not_a_crash()
    {
        var file = Write(300, [[1, 2, 3]]);
        file.Dispose();
        file.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => file.CopyTo(0, new long[1]));
        Assert.ThrowsExactly<ObjectDisposedException>(() => file.ContentIsIntact());
    }

    private TokenFile Write(int vocabulary, IEnumerable<int[]> documents)
    {
        using var writer = TokenFile.Create(File1, Ours, vocabulary);
        foreach (var ids in documents)
            writer.AppendDocument(ids);
        return writer.Complete();
    }

    private static int[] Ids(Random random, int count, int vocabulary)
    {
        var ids = new int[count];
        for (var i = 0; i < count; i++)
            ids[i] = random.Next(vocabulary);
        return ids;
    }
}
