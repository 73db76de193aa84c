namespace Ml.Llm.Tokenization;

/// <summary>The tokens of a rendered conversation: markers of the template are special tokens, text of the conversation never is.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class ChatTokens
{
    /// <summary>Encodes a rendering.</summary>
    /// <param name="pipeline">The tokenizer.</param>
    /// <param name="rendering">The rendering.</param>
    /// <param name="parseSpecialTokensInContent">Whether special tokens are taken from the conversation's text too.</param>
    public static ChatEncoding Encode(TokenizerPipeline pipeline, ChatRendering rendering, bool parseSpecialTokensInContent)
    {
        var text = rendering.Text;
        var tokens = pipeline.EncodeDetailed(text, parseSpecialTokens: true, preTokenize: true);
        if (!parseSpecialTokensInContent && tokens.Exists(token => IsMarker(pipeline, token) && Touches(rendering.ContentSpans, token)))
            tokens = EncodeApart(pipeline, rendering);
        var ids = new int[tokens.Count];
        for (var i = 0; i < ids.Length; i++) ids[i] = tokens[i].Id;
        return new ChatEncoding(text, ids, MaskOf(tokens, rendering.GenerationSpans));
    }

    /// <summary>The markers of the template's own stretches, and what lies between them as plain text.</summary>
    private static List<DetailedToken> EncodeApart(TokenizerPipeline pipeline, ChatRendering rendering)
    {
        var tokens = new List<DetailedToken>();
        var plain = 0;
        var start = 0;
        foreach (var content in rendering.ContentSpans.Append(new ChatTextSpan(rendering.Text.Length, rendering.Text.Length)))
        {
            foreach (var token in pipeline.EncodeDetailed(rendering.Text.AsSpan(start, content.Start - start), parseSpecialTokens: true, preTokenize: true))
            {
                if (!IsMarker(pipeline, token)) continue;
                AddPlain(start + token.Start);
                tokens.Add(token with { Start = start + token.Start, End = start + token.End });
                plain = start + token.End;
            }

            start = content.End;
        }

        AddPlain(rendering.Text.Length);
        return tokens;

        void AddPlain(int end)
        {
            foreach (var token in pipeline.EncodeDetailed(rendering.Text.AsSpan(plain, end - plain), parseSpecialTokens: false, preTokenize: true))
                tokens.Add(token with { Start = plain + token.Start, End = plain + token.End });
        }
    }

    /// <summary>1 for each token that a marked stretch touches.</summary>
    private static int[] MaskOf(List<DetailedToken> tokens, IReadOnlyList<ChatTextSpan> spans)
    {
        var mask = new int[tokens.Count];
        var ordered = spans.Where(static span => span.Start < span.End).OrderBy(static span => span.Start).ToList();
        var next = 0;
        for (var i = 0; i < mask.Length; i++)
        {
            while (next < ordered.Count && ordered[next].End <= tokens[i].Start) next++;
            if (next < ordered.Count && ordered[next].Start < tokens[i].End) mask[i] = 1;
        }

        return mask;
    }

    /// <summary>Whether a token is a special one that was found as such in the text.</summary>
    private static bool IsMarker(TokenizerPipeline pipeline, DetailedToken token) => token.Text is not null && pipeline.IsSpecial(token.Id);

    private static bool Touches(IReadOnlyList<ChatTextSpan> spans, DetailedToken token)
    {
        // The first span that ends behind the token's start, by halving.
        var (low, high) = (0, spans.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (spans[middle].End <= token.Start) low = middle + 1;
            else high = middle;
        }

        return low < spans.Count && spans[low].Start < token.End;
    }
}
