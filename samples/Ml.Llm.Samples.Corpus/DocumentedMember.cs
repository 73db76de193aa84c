namespace Ml.Llm.Samples;

/// <summary>One documented member of the .NET API: a row of <see cref="DotnetDocumentation"/>.</summary>
/// <threadsafety>A row belongs to the cursor that reads it.</threadsafety>
public sealed class DocumentedMember
{
    /// <summary>What to train on: the signature on a line, then <see cref="Description"/>.</summary>
    public string Text { get; set; } = "";

    /// <summary>Summary, remarks, parameters and result as prose, without the member's own name: overloads often share it.</summary>
    public string Description { get; set; } = "";

    /// <summary>The summary alone.</summary>
    public string Summary { get; set; } = "";

    /// <summary>The namespace, such as System.Collections.Generic.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>The signature as C# would show it, such as List&lt;T&gt;.IndexOf(T item).</summary>
    public string Member { get; set; } = "";

    /// <summary>Type, Constructor, Method, Operator, Property, Field or Event.</summary>
    public string Kind { get; set; } = "";
}
