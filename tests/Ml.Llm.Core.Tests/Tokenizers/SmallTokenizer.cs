namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>A tokenizer trained on a few sentences, for tests that need any.</summary>
internal static class SmallTokenizer
{
    public static string[] Texts { get; } =
    [
        "The quick brown fox jumps over the lazy dog. The dog doesn't care, it's asleep.",
        "Gets or sets the value of the property. Returns the value that was set before.",
        "Größe, Länge und Ümläute: überall größere Wörter. İstanbul'da ılık bir gün.",
        "日本語のテキスト、日本語の文章。 𝒜𝒜𝒜 😀😀 1234 5678 1234",
        "public static void Main(string[] args)\n{\n    Console.WriteLine(\"Hello\");\n}\n",
    ];

    public static LanguageModelTokenizer Trained { get; } = Train(new BytePairEncodingOptions { VocabularySize = 400 });

    public static LanguageModelTokenizer Train(BytePairEncodingOptions options) => BytePairEncodingTrainer.Train(Texts, options);
}
