namespace Ml.Llm.Tokenization.Jinja;

/// <summary>What a rendering has cost so far, against its limits.</summary>
/// <threadsafety>Belongs to one rendering.</threadsafety>
internal sealed class Budget(ChatTemplateLimits limits)
{
    /// <summary>So many UTF-16 units read or written count as one step.</summary>
    private const int CharactersPerStep = 64;

    private long _steps;
    private long _characters;

    public ChatTemplateLimits Limits => limits;

    /// <summary>Counts steps.</summary>
    public void Step(long steps = 1)
    {
        _steps += steps;
        if (_steps > limits.MaxSteps) throw Fault.Limit($"the template takes more than {limits.MaxSteps} steps (MaxSteps)");
    }

    /// <summary>Counts the reading of a text.</summary>
    public void Read(int length) => Step(length / CharactersPerStep);

    /// <summary>Counts a text that is about to be made, so that one too long is never made.</summary>
    public void Write(long length)
    {
        if (length > limits.MaxTextLength) throw Fault.Limit($"a text is longer than {limits.MaxTextLength} units (MaxTextLength)");
        _characters += length;
        if (_characters > limits.MaxTextTotal) throw Fault.Limit($"the template makes more than {limits.MaxTextTotal} units of text (MaxTextTotal)");
        Step(length / CharactersPerStep);
    }
}
