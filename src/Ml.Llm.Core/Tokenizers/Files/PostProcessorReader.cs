using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the post-processor of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PostProcessorReader
{
    /// <summary>Reads the post-processor.</summary>
    public static IPostProcessor Read(JsonPart part)
    {
        var processor = ReadOne(part);
        try
        {
            foreach (var (pair, added) in new[] { (false, false), (false, true), (true, false), (true, true) }) EncodingPlan.Of(processor, pair, added);
        }
        catch (NotSupportedException problem)
        {
            throw part.Problem(problem.Message, problem);
        }

        return processor;
    }

    private static IPostProcessor ReadOne(JsonPart part) => TokenizerJsonReader.TypeOf(part) switch
    {
        "BertProcessing" => ReadBert(part),
        "RobertaProcessing" => ReadRoberta(part),
        "ByteLevel" => new ByteLevelPostProcessor(ByteLevelReader.Read(part)),
        "TemplateProcessing" => TemplateReader.Read(part),
        "Sequence" => ReadSequence(part),
        _ => throw TokenizerJsonReader.NotKnown(part),
    };

    private static BertPostProcessor ReadBert(JsonPart part)
    {
        part.RefuseOthers("type", "sep", "cls");
        return new BertPostProcessor(ReadToken(part.Required("sep")), ReadToken(part.Required("cls")));
    }

    private static RobertaPostProcessor ReadRoberta(JsonPart part)
    {
        part.RefuseOthers("type", "sep", "cls", "trim_offsets", "add_prefix_space");
        return new RobertaPostProcessor(
            ReadToken(part.Required("sep")),
            ReadToken(part.Required("cls")),
            part.Required("trim_offsets").Truth(),
            part.Required("add_prefix_space").Truth());
    }

    private static SequencePostProcessor ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "processors");
        return new SequencePostProcessor(part.Required("processors").Items().Select(ReadOne).ToList());
    }

    /// <summary>A token and its id.</summary>
    private static NamedToken ReadToken(JsonPart part)
    {
        var items = part.Items().ToList();
        return items.Count == 2
            ? new NamedToken(items[0].Text(), items[1].Integer(TokenizerJsonReader.LargestId))
            : throw part.Problem($"must be a token and its id, but has {items.Count} items");
    }
}
