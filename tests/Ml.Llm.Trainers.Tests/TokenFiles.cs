using System.Runtime.InteropServices;
using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests;

/// <summary>Token files for tests that drive the loop without a trainer.</summary>
internal static class TokenFiles
{
    internal static TokenFile Write(string path, LanguageModelTokenizer tokenizer, IEnumerable<string> texts)
    {
        using var writer = TokenFile.Create(path, TokenFileHeader.FingerprintOf("test"), tokenizer.VocabularySize);
        foreach (var text in texts)
        {
            var ids = new List<int>();
            tokenizer.EncodeInto(text, ids);
            ids.Add(tokenizer.SpecialTokens.Eos!.Value);
            writer.AppendDocument(CollectionsMarshal.AsSpan(ids));
        }

        return writer.Complete();
    }
}
