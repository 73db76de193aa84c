using System.Text;
using System.Xml;

namespace Ml.Llm.Samples;

/// <summary>
/// The text of one member element: tags turned into the names that they stand for, white space made single, each section
/// (summary, remarks, parameters, result) kept apart.
/// </summary>
internal sealed class MemberText
{
    private readonly StringBuilder section = new();

    internal string Summary { get; private set; } = "";

    internal string Remarks { get; private set; } = "";

    internal string Value { get; private set; } = "";

    internal string Returns { get; private set; } = "";

    internal List<(string Name, string Text)> Parameters { get; } = [];

    internal List<(string Name, string Text)> TypeParameters { get; } = [];

    internal bool IsEmpty => Summary.Length + Remarks.Length + Value.Length + Returns.Length == 0;

    /// <summary>Everything but the member's name, as lines of prose.</summary>
    internal string Describe()
    {
        var text = new StringBuilder();
        Line("", Summary);
        foreach (var (name, description) in TypeParameters)
            Line(name + ": ", description);
        foreach (var (name, description) in Parameters)
            Line(name + ": ", description);
        Line("Value: ", Value);
        Line("Returns: ", Returns);
        Line("Remarks: ", Remarks);
        return text.ToString();

        void Line(string label, string content)
        {
            if (content.Length == 0)
                return;
            if (text.Length > 0)
                text.Append('\n');
            text.Append(label).Append(content);
        }
    }

    /// <summary>Reads a member element to its end.</summary>
    /// <param name="reader">Stands on the element.</param>
    internal static MemberText Read(XmlReader reader)
    {
        var member = new MemberText();
        if (reader.IsEmptyElement)
            return member;
        var depth = reader.Depth;
        reader.Read();
        while (reader.Depth > depth)
        {
            if (reader.NodeType != XmlNodeType.Element)
            {
                reader.Read();
                continue;
            }

            var (tag, name) = (reader.LocalName, reader.GetAttribute("name") ?? "");
            switch (tag)
            {
                case "summary":
                    member.Summary = member.ReadSection(reader);
                    break;
                case "remarks" or "remark":
                    member.Remarks = member.ReadSection(reader);
                    break;
                case "value":
                    member.Value = member.ReadSection(reader);
                    break;
                case "returns" or "return":
                    member.Returns = member.ReadSection(reader);
                    break;
                case "param":
                    member.Parameters.Add((name, member.ReadSection(reader)));
                    break;
                case "typeparam":
                    member.TypeParameters.Add((name, member.ReadSection(reader)));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return member;
    }

    private string ReadSection(XmlReader reader)
    {
        section.Clear();
        ReadContent(reader);
        while (section.Length > 0 && section[^1] == ' ')
            section.Length--;
        return section.ToString();
    }

    /// <summary>Reads an element to its end and appends its text.</summary>
    private void ReadContent(XmlReader reader)
    {
        if (reader.IsEmptyElement)
        {
            reader.Read();
            return;
        }

        var depth = reader.Depth;
        reader.Read();
        while (reader.Depth > depth)
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    ReadInline(reader);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    Append(reader.Value);
                    reader.Read();
                    break;
                default:
                    reader.Read();
                    break;
            }
        }

        reader.Read();
    }

    private void ReadInline(XmlReader reader)
    {
        var tag = reader.LocalName;
        switch (tag)
        {
            case "paramref" or "typeparamref":
                Append(reader.GetAttribute("name") ?? "");
                ReadContent(reader);
                break;
            case "see" or "seealso" or "a" or "xref":
                var before = section.Length;
                var target = Target(reader);
                ReadContent(reader);
                if (section.Length == before)
                    Append(target);
                break;
            case "para" or "p" or "br" or "item" or "li" or "list" or "description" or "div":
                Append(" ");
                ReadContent(reader);
                Append(" ");
                break;
            case "term":
                Append(" ");
                ReadContent(reader);
                Append(": ");
                break;
            case "devremarks" or "forInternalUseOnly" or "format" or "script" or "listheader":
                reader.Skip();
                break;
            default:
                ReadContent(reader);
                break;
        }
    }

    private static string Target(XmlReader reader)
    {
        if (reader.GetAttribute("langword") is { } word)
            return word;
        if (reader.GetAttribute("cref") is { } reference)
            return DocumentationId.ShortName(reference);
        var link = reader.GetAttribute("href") ?? "";
        // docfx links: the name is in the address, behind which come ?displayProperty=... and the like.
        return reader.LocalName == "xref" ? DocumentationId.ShortName(Uri.UnescapeDataString(link.Split('?')[0])) : link;
    }

    /// <summary>Appends text with runs of white space as one space, none at the start.</summary>
    private void Append(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c))
                section.Append(c);
            else if (section.Length > 0 && section[^1] != ' ')
                section.Append(' ');
        }
    }
}
