using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the added tokens of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class AddedTokensReader
{
    /// <summary>Reads them; ids are the model's own, or follow it.</summary>
    public static List<AddedToken> Read(JsonPart part, ITokenModel model)
    {
        // As with Hugging Face the id is the model's own, else the next free one, whatever the file says.
        var tokens = new AddedTokenNumbering(model);
        foreach (var item in part.Items())
        {
            item.RequireKind(JsonValueKind.Object, "an object");
            item.RefuseOthers("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            item.Required("id").Integer(TokenizerJsonReader.LargestId);
            var token = new AddedToken(
                0,
                item.Required("content").Text(),
                item.Required("single_word").Truth(),
                item.Required("lstrip").Truth(),
                item.Required("rstrip").Truth(),
                item.Required("normalized").Truth(),
                item.Required("special").Truth());
            if (token.Content.Length > 0) tokens.Add(token);
        }

        var clash = tokens.Tokens.GroupBy(token => token.Id).FirstOrDefault(group => group.Count() > 1);
        if (clash is not null) throw part.Problem($"the tokens {string.Join(", ", clash.Select(token => $"\"{token.Content}\""))} would all have the id {clash.Key}");
        return tokens.Tokens.ToList();
    }
}
