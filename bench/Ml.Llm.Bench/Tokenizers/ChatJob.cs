using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>Rendering a chat template over a conversation of eight messages: conversations a second.</summary>
internal static class ChatJob
{
    private const int Batch = 1000;

    private const string Text = """
        {%- for message in messages %}
            {%- if loop.first and message['role'] != 'system' %}
                {{- '<|im_start|>system\nYou answer briefly.<|im_end|>\n' }}
            {%- endif %}
            {{- '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    internal static void Run(BenchOptions options)
    {
        var messages = new JsonArray([.. Enumerable.Range(0, 8).Select(static i => new JsonObject
        {
            ["role"] = i % 2 == 0 ? "user" : "assistant",
            ["content"] = string.Create(CultureInfo.InvariantCulture, $" Message {i} of a conversation about tokenizers, which cut text into pieces that a model knows. "),
        })]);
        var folder = Directory.CreateDirectory(options.Folder).FullName;
        File.WriteAllText(Path.Combine(folder, "chat.jinja"), Text);
        File.WriteAllText(Path.Combine(folder, "chat.json"), new JsonObject { ["messages"] = messages.DeepClone(), ["add_generation_prompt"] = true }.ToJsonString());

        var template = ChatTemplate.Parse(Text);
        var json = messages.ToJsonString();
        var rendering = new ChatTemplateOptions { AddGenerationPrompt = true };
        var rates = new List<double>();
        for (var spent = 0.0; spent < options.Seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Batch; i++)
                template.Render(json, rendering);
            var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            rates.Add(Batch / elapsed);
            spent += elapsed;
        }

        rates.Sort();
        Report.Line(new JsonObject
        {
            ["job"] = "chat",
            ["library"] = "Ml.Llm",
            ["unit"] = "conversations/s",
            ["median"] = Report.Rounded(rates[rates.Count / 2]),
            ["best"] = Report.Rounded(rates[^1]),
            ["worst"] = Report.Rounded(rates[0]),
            ["steps"] = rates.Count,
        });
        PeerProcess.Run(options.Peers, ["chat", folder, options.Seconds.ToString(CultureInfo.InvariantCulture)], threads: 1);
    }
}
