using System.Globalization;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Training;

namespace Ml.Llm.Data;

/// <summary>What documents are tokenized with.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="Fingerprint">What tells it from every other.</param>
/// <param name="VocabularySize">Ids lie below it.</param>
/// <param name="EndOfText">The id that ends every document.</param>
/// <param name="Threads">The most threads to use.</param>
internal sealed record CorpusTokenizer(Tokenizer Tokenizer, string Fingerprint, int VocabularySize, int EndOfText, int Threads);

/// <summary>A corpus as token files: one to train on, and one held out where there is such a share.</summary>
/// <threadsafety>Reading is safe from several threads; disposing may not overlap with it.</threadsafety>
internal sealed class TokenizedCorpus : IDisposable
{
    private TokenizedCorpus(TokenFile training, TokenFile? heldOut)
    {
        Training = training;
        HeldOut = heldOut;
    }

    /// <summary>The tokens to train on.</summary>
    internal TokenFile Training { get; }

    /// <summary>The tokens held out, or null.</summary>
    internal TokenFile? HeldOut { get; }

    /// <summary>Opens the token files of a corpus where they are there already, and makes them where not.</summary>
    /// <param name="source">The documents; they are read where tokens are made.</param>
    /// <param name="survey">What a first reading of them found.</param>
    /// <param name="tokenizer">What tokenizes.</param>
    /// <param name="folder">Where the files lie; it exists.</param>
    /// <param name="name">The corpus's name in messages and file names, such as corpus.</param>
    /// <param name="heldOutFraction">The share of documents held out.</param>
    /// <param name="log">Told what is done.</param>
    /// <param name="cancellationToken">Ends the work; what is half-written is removed.</param>
    /// <exception cref="DataFormatException">A token id is not in the vocabulary.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static TokenizedCorpus Prepare(
        DocumentSource source, CorpusSurvey survey, CorpusTokenizer tokenizer, string folder, string name, double heldOutFraction, TrainingLog log, CancellationToken cancellationToken)
    {
        var side = new Side(folder, name, "", survey, tokenizer, heldOutFraction);
        var heldOutSide = new Side(folder, name, ".held-out", survey, tokenizer, heldOutFraction);
        var training = side.TryOpen(log);
        try
        {
            var heldOut = survey.HeldOut > 0 ? heldOutSide.TryOpen(log) : null;
            if (training is not null && (heldOut is not null || survey.HeldOut == 0))
            {
                log.Info($"The tokens of the {name} are there already and used again: {Count(training, heldOut)}.");
                return new TokenizedCorpus(training, heldOut);
            }

            heldOut?.Dispose();
        }
        catch
        {
            training?.Dispose();
            throw;
        }

        training?.Dispose();
        (training, var newHeldOut) = Write(source, tokenizer, side, survey.HeldOut > 0 ? heldOutSide : null, heldOutFraction, cancellationToken);
        log.Info($"Tokenized the {name}: {Count(training, newHeldOut)}.");
        return new TokenizedCorpus(training, newHeldOut);
    }

    public void Dispose()
    {
        Training.Dispose();
        HeldOut?.Dispose();
    }

    private static (TokenFile Training, TokenFile? HeldOut) Write(
        DocumentSource source, CorpusTokenizer tokenizer, Side side, Side? heldOutSide, double heldOutFraction, CancellationToken cancellationToken)
    {
        using var writer = side.Create();
        using var heldOutWriter = heldOutSide?.Create();
        new CorpusEncoder(tokenizer.Tokenizer, tokenizer.VocabularySize, tokenizer.EndOfText, tokenizer.Threads).Run(
            source.Read(),
            (document, ids) => (heldOutWriter is not null && document.IsHeldOut(heldOutFraction) ? heldOutWriter : writer).AppendDocument(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)),
            cancellationToken);
        var heldOut = heldOutWriter?.Complete();
        try
        {
            return (writer.Complete(), heldOut);
        }
        catch
        {
            heldOut?.Dispose();
            throw;
        }
    }

    private static string Count(TokenFile training, TokenFile? heldOut)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{training.TokenCount:N0} tokens of {training.DocumentCount:N0} documents");
        return heldOut is null ? text : text + string.Create(CultureInfo.InvariantCulture, $" to train on, {heldOut.TokenCount:N0} of {heldOut.DocumentCount:N0} held out");
    }

    /// <summary>One of the two files: its path, and all that its content depends on.</summary>
    private sealed class Side(string folder, string name, string suffix, CorpusSurvey survey, CorpusTokenizer tokenizer, double heldOutFraction)
    {
        private readonly string path = Path.Combine(folder, $"{name.Replace(' ', '-')}{suffix}.tokens");

        private readonly byte[] fingerprint = TokenFileHeader.FingerprintOf(
            survey.Fingerprint, tokenizer.Fingerprint, tokenizer.EndOfText.ToString(CultureInfo.InvariantCulture), suffix, heldOutFraction.ToString("R", CultureInfo.InvariantCulture));

        internal TokenFile? TryOpen(TrainingLog log) => TokenFile.TryOpen(path, fingerprint, tokenizer.VocabularySize, log.Warning, out _);

        internal TokenFileWriter Create() => TokenFile.Create(path, fingerprint, tokenizer.VocabularySize);
    }
}
