using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class ByteTrieTests
{
    [TestMethod]
    public void The_trie_holds_what_a_dictionary_holds()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            string Word() => string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => new Rune(random.Next(4) == 0 ? random.Next(0x10000, 0x10800) : random.Next(0, 0x180)).ToString()));
            var tokens = new Dictionary<string, int>();
            for (var i = 0; i < 3000; i++) tokens[Word()] = i;
            var trie = ByteTrie.Of(tokens);
            foreach (var (token, value) in tokens) Assert.AreEqual(value, trie.Find(Encoding.UTF8.GetBytes(token)), token);
            for (var i = 0; i < 3000; i++)
            {
                var word = Word();
                Assert.AreEqual(tokens.GetValueOrDefault(word, ByteTrie.None), trie.Find(Encoding.UTF8.GetBytes(word)), word);
            }
        }
    }

    [TestMethod]
    public void Long_and_empty_and_equal_tokens_have_their_place()
    {
        var giant = new string('x', 1_000_000);
        var trie = ByteTrie.Of([new(giant, 1), new("", 2), new("a", 3), new("a", 4), new("\0", 5)]);
        Assert.AreEqual(1, trie.Find(Encoding.UTF8.GetBytes(giant)));
        Assert.AreEqual(ByteTrie.None, trie.Find(Encoding.UTF8.GetBytes(giant[1..])));
        Assert.AreEqual(ByteTrie.None, trie.Find([]));
        Assert.AreEqual(4, trie.Find("a"u8));
        Assert.AreEqual(5, trie.Find([0]));
        Assert.AreEqual(ByteTrie.None, ByteTrie.Of([]).Find("a"u8));
    }
}
