using Ml.Llm.Generation;
using Ml.Llm.Models;
using TorchSharp;

namespace Ml.Llm.Core.Tests.Generation;

[TestClass]
public sealed class SequenceGeneratorTests
{
    private static readonly GenerationOptions Sampled = new() { MaxNewTokens = 16, DoSample = true, Temperature = 1.3, TopP = 0.95, BatchSize = 8, Seed = 5 };

    [TestMethod]
    [DataRow("llama", 1.0)]
    [DataRow("gpt2", 1.0)]
    [DataRow("llama", 1.4)]
    public void Cached_and_batched_equals_one_row_without_cache(string shape, double repetitionPenalty)
    {
        using var model = TinyModels.Make(shape);
        var prompts = TinyModels.Prompts(9);
        var options = new GenerationOptions { MaxNewTokens = 20, BatchSize = 4, RepetitionPenalty = repetitionPenalty, EosTokenIds = [7, 9] };
        var generated = new SequenceGenerator(model, options).Generate(prompts, TinyModels.Seeds(9), logProbabilities: true);

        var compared = 0;
        for (var row = 0; row < prompts.Length; row++)
        {
            var slow = UncachedGreedy(model, prompts[row], options);
            for (var i = 0; i < slow.Count; i++)
            {
                if (slow[i].Gap <= 2e-3)
                    break; // From here on both ways are right, and they may part.
                Assert.AreEqual(slow[i].Token, generated[row].Ids[i], $"row {row}, token {i}");
                Assert.AreEqual(slow[i].LogProbability, generated[row].LogProbabilities![i], 2e-4, $"row {row}, token {i}");
                compared++;
                if (i == slow.Count - 1)
                    Assert.HasCount(slow.Count, generated[row].Ids);
            }
        }

        Assert.IsGreaterThan(100, compared);
    }

    [TestMethod]
    public void A_sampled_row_does_not_depend_on_batch_size_order_or_the_other_rows()
    {
        using var model = TinyModels.Llama();
        var prompts = TinyModels.Prompts(10);
        var seeds = TinyModels.Seeds(10);
        var together = Ids(new SequenceGenerator(model, Sampled).Generate(prompts, seeds));
        var reversed = Ids(new SequenceGenerator(model, Sampled with { BatchSize = 3 }).Generate([.. prompts.Reverse()], [.. seeds.Reverse()]));
        Array.Reverse(reversed);
        Assert.AreSequenceEqual(together, reversed);
        for (var row = 0; row < prompts.Length; row++)
            Assert.AreEqual(together[row], Ids(new SequenceGenerator(model, Sampled).Generate([prompts[row]], [seeds[row]]))[0]);
        Assert.AreNotEqual(together[0], Ids(new SequenceGenerator(model, Sampled).Generate([prompts[0]], [seeds[1]]))[0]);
        Assert.AreNotEqual(together[0], Ids(new SequenceGenerator(model, Sampled with { Seed = 6 }).Generate([prompts[0]], [seeds[0]]))[0]);
    }

    [TestMethod]
    public void Several_threads_generate_on_one_model_at_once()
    {
        using var model = TinyModels.Gpt2();
        var prompts = TinyModels.Prompts(6);
        var seeds = TinyModels.Seeds(6);
        var alone = Ids(new SequenceGenerator(model, Sampled).Generate(prompts, seeds));
        var generator = new SequenceGenerator(model, Sampled);
        var all = new string[4][];
        var threads = Enumerable.Range(0, all.Length).Select(i => new Thread(() => all[i] = Ids(generator.Generate(prompts, seeds)))).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        foreach (var texts in all)
            Assert.AreSequenceEqual(alone, texts);
    }

    [TestMethod]
    public void Top_k_1_is_greedy()
    {
        using var model = TinyModels.Llama();
        var prompts = TinyModels.Prompts(4);
        var greedy = Ids(new SequenceGenerator(model, new GenerationOptions()).Generate(prompts, TinyModels.Seeds(4)));
        var sampled = Ids(new SequenceGenerator(model, new GenerationOptions { DoSample = true, TopK = 1 }).Generate(prompts, TinyModels.Seeds(4)));
        Assert.AreSequenceEqual(greedy, sampled);
    }

    [TestMethod]
    public void A_row_ends_with_its_end_token_and_says_why()
    {
        using var model = TinyModels.Llama();
        int[][] prompts = [[5, 17, 230]];
        var free = new SequenceGenerator(model, new GenerationOptions()).Generate(prompts, [0])[0];
        Assert.AreEqual(FinishReason.Length, free.Reason);
        Assert.HasCount(20, free.Ids);
        var end = free.Ids[4];
        var first = free.Ids.ToList().IndexOf(end);
        var ended = new SequenceGenerator(model, new GenerationOptions(), [end]).Generate(prompts, [0])[0];
        Assert.AreEqual(FinishReason.EndToken, ended.Reason);
        Assert.AreSequenceEqual(free.Ids.Take(first + 1).ToArray(), ended.Ids.ToArray());
        var overridden = new SequenceGenerator(model, new GenerationOptions { EosTokenIds = [] }, [end]).Generate(prompts, [0])[0];
        Assert.HasCount(20, overridden.Ids);
    }

    [TestMethod]
    public void Bf16_weights_generate_and_give_log_probabilities()
    {
        using var model = TinyModels.Llama(torch.ScalarType.BFloat16);
        using var wide = TinyModels.Llama();
        var prompts = TinyModels.Prompts(3);
        var options = new GenerationOptions { MaxNewTokens = 1 };
        var half = new SequenceGenerator(model, options).Generate(prompts, TinyModels.Seeds(3), logProbabilities: true);
        var full = new SequenceGenerator(wide, options).Generate(prompts, TinyModels.Seeds(3), logProbabilities: true);
        for (var row = 0; row < 3; row++)
            Assert.AreEqual(full[row].LogProbabilities![0], half[row].LogProbabilities![0], 0.1);
    }

    [TestMethod]
    public void The_whole_context_can_be_used_and_not_one_token_more()
    {
        using var model = TinyModels.Gpt2();
        var prompt = Enumerable.Range(1, 44).ToArray();
        var generator = new SequenceGenerator(model, new GenerationOptions());
        Assert.HasCount(20, generator.Generate([prompt], [0])[0].Ids);
        var problem = Assert.ThrowsExactly<DataFormatException>(() => generator.Generate([[1], [.. prompt, 2]], [0, 0]));
        Assert.AreEqual(1L, problem.Row);
        foreach (var number in (string[])["45 tokens", "MaxNewTokens is 20", "for 64", "to 44 tokens", "at most 19"])
            Assert.Contains(number, problem.Message);
        var empty = Assert.ThrowsExactly<DataFormatException>(() => generator.Generate([[]], [0]));
        Assert.Contains("empty", empty.Message);
    }

    [TestMethod]
    public void Weights_that_are_not_numbers_are_an_error()
    {
        using var model = TinyModels.Llama();
        using (torch.no_grad())
            model.Parameters.Values.fill_(float.NaN);
        Assert.ThrowsExactly<LlmException>(() => new SequenceGenerator(model, new GenerationOptions()).Generate([[1]], [0]));
    }

    [TestMethod]
    public void Cancelling_ends_it()
    {
        using var model = TinyModels.Llama();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(
            () => new SequenceGenerator(model, new GenerationOptions()).Generate([[1]], [0], cancellationToken: source.Token));
    }

    [TestMethod]
    public void Live_tensors_stay_flat()
    {
        using var model = TinyModels.Llama();
        var generator = new SequenceGenerator(model, Sampled with { EosTokenIds = [1, 2, 3, 4, 5] });
        generator.Generate(TinyModels.Prompts(8), TinyModels.Seeds(8));
        var before = torch.Tensor.TotalCount;
        generator.Generate(TinyModels.Prompts(8), TinyModels.Seeds(8));
        Assert.ThrowsExactly<DataFormatException>(() => generator.Generate([[]], [0]));
        Assert.AreEqual(before, torch.Tensor.TotalCount);
    }

    private static string[] Ids(GeneratedSequence[] sequences) => Array.ConvertAll(sequences, static sequence => string.Join(' ', sequence.Ids));

    // The obvious way: the whole row through the model again for every token.
    private static List<(int Token, float LogProbability, float Gap)> UncachedGreedy(DecoderModel model, int[] prompt, GenerationOptions options)
    {
        using var guard = torch.no_grad();
        var row = prompt.ToList();
        var result = new List<(int, float, float)>();
        while (result.Count < options.MaxNewTokens)
        {
            using var scope = torch.NewDisposeScope();
            var ids = torch.tensor(row.Select(static id => (long)id).ToArray()).view(1, -1);
            var logits = model.Logits(model.Forward(ids))[0, row.Count - 1];
            var logProbabilities = torch.nn.functional.log_softmax(logits, -1).data<float>().ToArray();
            var scores = logits.data<float>().ToArray();
            foreach (var seen in row.Distinct())
                scores[seen] = scores[seen] < 0 ? scores[seen] * (float)options.RepetitionPenalty : scores[seen] / (float)options.RepetitionPenalty;
            var order = Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(2).ToArray();
            result.Add((order[0], logProbabilities[order[0]], scores[order[0]] - scores[order[1]]));
            row.Add(order[0]);
            if (options.EosTokenIds!.Contains(order[0]))
                break;
        }

        return result;
    }
}
