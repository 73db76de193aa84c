using System.Globalization;
using System.Security.Cryptography;
using Ml.Llm.Training;

namespace Ml.Llm.Data;

/// <summary>What a first reading of a corpus finds: its fingerprint, and how its documents fall on the two sides.</summary>
/// <param name="Fingerprint">SHA-256 over the documents' hashes in their order, as hex.</param>
/// <param name="Training">The documents to train on.</param>
/// <param name="HeldOut">The documents held out.</param>
internal sealed record CorpusSurvey(string Fingerprint, long Training, long HeldOut)
{
    /// <summary>Reads a corpus through.</summary>
    /// <param name="source">The documents.</param>
    /// <param name="heldOutFraction">The share held out.</param>
    /// <param name="what">The corpus's name in messages.</param>
    /// <param name="log">Told the number of rows without a document.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="DataFormatException">There is no document at all.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static CorpusSurvey Of(DocumentSource source, double heldOutFraction, string what, TrainingLog log, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long training = 0, heldOut = 0;
        foreach (var document in source.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(document.Hash());
            if (document.IsHeldOut(heldOutFraction))
                heldOut++;
            else
                training++;
        }

        var rows = source.Rows.ToString(CultureInfo.InvariantCulture);
        var empty = source.EmptyRows.ToString(CultureInfo.InvariantCulture);
        if (training + heldOut == 0)
            throw new DataFormatException($"The {what} holds no document: {(source.Rows == 0 ? "it has no rows" : $"all its {rows} rows are empty or null")}. Give it rows with text.");
        if (training == 0)
            throw new DataFormatException($"All documents of the {what} were held out for evaluation, none is left to train on. Lower ValidationFraction, give more documents, or give Fit a validation set.");
        if (source.EmptyRows > 0)
            log.Warning($"{empty} of {rows} rows of the {what} are empty or null; they hold no document and are passed over.");
        if (heldOutFraction > 0 && heldOut == 0)
            log.Warning($"ValidationFraction held out none of the {what}'s {training.ToString(CultureInfo.InvariantCulture)} documents: there is no evaluation. Raise it, or give Fit a validation set.");
        return new CorpusSurvey(Convert.ToHexStringLower(hash.GetHashAndReset()), training, heldOut);
    }
}
