using System.Runtime.ExceptionServices;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    private static readonly TokenEncodingOptions s_defaults = new();

    /// <summary>Encodes a text with all that is known of its tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or the text cannot be cut as asked.</exception>
    public TokenEncoding Encode(string text, TokenEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        options = Checked(options);
        return Padded(Draft(TokensOf(text, options), null, options), options);
    }

    /// <summary>Encodes a pair of texts as one, such as a question and the text that answers it.</summary>
    /// <param name="text">The first text.</param>
    /// <param name="pair">The second text.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">A text is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or the texts cannot be cut as asked.</exception>
    public TokenEncoding Encode(string text, string pair, TokenEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(pair);
        options = Checked(options);
        return Padded(Draft(TokensOf(text, options), TokensOf(pair, options), options), options);
    }

    /// <summary>Encodes a text that is split into words already, each of which is encoded alone.</summary>
    /// <param name="words">The words. <see cref="TokenEncoding.Words"/> are their numbers, <see cref="TokenEncoding.Offsets"/> places within each.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The words are null.</exception>
    /// <exception cref="ArgumentException">A word is null, an option is out of its range, or the words cannot be cut as asked.</exception>
    public TokenEncoding EncodeWords(IReadOnlyList<string> words, TokenEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(words);
        options = Checked(options);
        return Padded(Draft(TokensOf(words, options), null, options), options);
    }

    /// <summary>Encodes a pair of texts that are split into words already, each of which is encoded alone.</summary>
    /// <param name="words">The words of the first text.</param>
    /// <param name="pair">The words of the second text.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">A list is null.</exception>
    /// <exception cref="ArgumentException">A word is null, an option is out of its range, or the words cannot be cut as asked.</exception>
    public TokenEncoding EncodeWords(IReadOnlyList<string> words, IReadOnlyList<string> pair, TokenEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(pair);
        options = Checked(options);
        return Padded(Draft(TokensOf(words, options), TokensOf(pair, options), options), options);
    }

    /// <summary>Encodes texts in parallel. The result is that of one by one, in their order; padding reaches to the longest of all.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <param name="threads">How many threads; null: as many as there are processors.</param>
    /// <param name="cancellationToken">Asked before each text.</param>
    /// <exception cref="ArgumentNullException">The list is null.</exception>
    /// <exception cref="ArgumentException">A text is null, an option is out of its range, or a text cannot be cut as asked.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<TokenEncoding> EncodeBatch(
        IReadOnlyList<string> texts, TokenEncodingOptions? options = null, int? threads = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options = Checked(options);
        return EncodeAll(texts, text => Draft(TokensOf(NotNull(text, nameof(texts)), options), null, options), options, threads, cancellationToken);
    }

    /// <summary>Encodes pairs of texts in parallel. The result is that of one by one, in their order; padding reaches to the longest of all.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <param name="threads">How many threads; null: as many as there are processors.</param>
    /// <param name="cancellationToken">Asked before each pair.</param>
    /// <exception cref="ArgumentNullException">The list is null.</exception>
    /// <exception cref="ArgumentException">A text is null, an option is out of its range, or a pair cannot be cut as asked.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<TokenEncoding> EncodeBatch(
        IReadOnlyList<(string Text, string Pair)> pairs, TokenEncodingOptions? options = null, int? threads = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        options = Checked(options);
        return EncodeAll(
            pairs,
            pair => Draft(TokensOf(NotNull(pair.Text, nameof(pairs)), options), TokensOf(NotNull(pair.Pair, nameof(pairs)), options), options),
            options,
            threads,
            cancellationToken);
    }

    /// <summary>Encodes texts that are split into words already, in parallel. The result is that of one by one, in their order; padding reaches to the longest of all.</summary>
    /// <param name="texts">The words of each text.</param>
    /// <param name="options">Which special tokens to add and to recognize, how to cut and to pad; null: the defaults.</param>
    /// <param name="threads">How many threads; null: as many as there are processors.</param>
    /// <param name="cancellationToken">Asked before each text.</param>
    /// <exception cref="ArgumentNullException">The list is null.</exception>
    /// <exception cref="ArgumentException">A text or word is null, an option is out of its range, or a text cannot be cut as asked.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<TokenEncoding> EncodeWordsBatch(
        IReadOnlyList<IReadOnlyList<string>> texts, TokenEncodingOptions? options = null, int? threads = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options = Checked(options);
        return EncodeAll(texts, words => Draft(TokensOf(NotNull(words, nameof(texts)), options), null, options), options, threads, cancellationToken);
    }

    private static TokenEncodingOptions Checked(TokenEncodingOptions? options)
    {
        options ??= s_defaults;
        options.Validate();
        return options;
    }

    private static T NotNull<T>(T? item, string name)
        where T : class => item ?? throw new ArgumentException("A text of the batch is null. Leave it out, or give \"\".", name);

    private static int CheckedThreads(int? threads)
    {
        if (threads is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(threads));
        return threads ?? Environment.ProcessorCount;
    }

    private TokenEncoding[] EncodeAll<T>(
        IReadOnlyList<T> items, Func<T, EncodingDraft> draft, TokenEncodingOptions options, int? threads, CancellationToken cancellationToken)
    {
        var most = CheckedThreads(threads);
        var results = new TokenEncoding[items.Count];
        var (padding, pad) = PaddingOf(options);
        if (padding is { Length: null })
        {
            // How far to pad is known only once all texts are encoded.
            var drafts = new EncodingDraft[items.Count];
            ForEach(items.Count, most, i => drafts[i] = draft(items[i]), cancellationToken);
            var length = padding.LengthFor(drafts.Length == 0 ? 0 : drafts.Max(one => one.Length));
            ForEach(items.Count, most, i => results[i] = drafts[i].Build(length, pad), cancellationToken);
        }
        else
        {
            ForEach(items.Count, most, i => results[i] = Padded(draft(items[i]), padding, pad), cancellationToken);
        }

        return results;
    }

    /// <summary>Does something for each index in parallel; of several failures the first in order is thrown, as a loop would.</summary>
    private static void ForEach(int count, int threads, Action<int> action, CancellationToken cancellationToken)
    {
        if (threads == 1 || count < 2)
        {
            for (var i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                action(i);
            }

            return;
        }

        var gate = new Lock();
        var (failedAt, failure) = (int.MaxValue, (ExceptionDispatchInfo?)null);
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, i =>
        {
            if (i > Volatile.Read(ref failedAt)) return;
            try
            {
                action(i);
            }
            catch (Exception problem)
            {
                lock (gate)
                {
                    if (i < failedAt) (failedAt, failure) = (i, ExceptionDispatchInfo.Capture(problem));
                }
            }
        });
        failure?.Throw();
    }

    private List<DetailedToken> TokensOf(string text, TokenEncodingOptions options) =>
        Pipeline.EncodeDetailed(text, options.ParseSpecialTokens, preTokenize: true);

    private List<DetailedToken> TokensOf(IReadOnlyList<string> words, TokenEncodingOptions options)
    {
        var tokens = new List<DetailedToken>();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i] ?? throw new ArgumentException($"The word {i} is null. Leave it out, or give \"\".", nameof(words));
            foreach (var token in TokensOf(word, options)) tokens.Add(token with { Word = i });
        }

        return tokens;
    }

    private EncodingDraft Draft(List<DetailedToken> first, List<DetailedToken>? second, TokenEncodingOptions options)
    {
        var plan = _plans[(second is null ? 0 : 2) + (options.AddSpecialTokens ? 1 : 0)];
        List<DetailedToken>[] sequences = second is null ? [first] : [first, second];
        var windows = TokenTruncation.Windows(Array.ConvertAll(sequences, sequence => sequence.Count), plan.AddedTokens, options.Truncation ?? Truncation);
        return new EncodingDraft(Pipeline, plan, sequences, windows);
    }

    private TokenEncoding Padded(EncodingDraft draft, TokenEncodingOptions options)
    {
        var (padding, pad) = PaddingOf(options);
        return Padded(draft, padding, pad);
    }

    private static TokenEncoding Padded(EncodingDraft draft, PaddingOptions? padding, PadToken pad) =>
        draft.Build(padding?.LengthFor(draft.Length) ?? 0, pad);

    /// <summary>The padding asked for, or the file's, and the token that fills.</summary>
    private (PaddingOptions? Padding, PadToken Token) PaddingOf(TokenEncodingOptions options)
    {
        if ((options.Padding ?? Padding) is not { } padding) return (null, default);
        var id = padding.PadId ?? SpecialTokens.Pad
            ?? throw new ArgumentException("The tokenizer has no token to pad with. Set the padding's PadId.", nameof(options));
        return (padding, new PadToken(id, padding.PadToken ?? TokenOf(id) ?? "", padding.PadTypeId, padding.Direction));
    }
}
