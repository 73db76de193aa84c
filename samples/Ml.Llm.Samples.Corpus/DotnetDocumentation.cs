using System.Xml;
using Microsoft.ML;

namespace Ml.Llm.Samples;

/// <summary>
/// The corpus that every .NET machine has: the API documentation that the SDK ships as XML, a row a documented member.
/// </summary>
/// <remarks>
/// Rows stream: each cursor reads the files anew, one at a time, in a fixed order. Members without a text of their own
/// (inheritdoc) have no row. The text repeats itself over overloads and types: remove equal descriptions before use.
/// </remarks>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public static class DotnetDocumentation
{
    /// <summary>Loads the documentation as an IDataView with the columns of <see cref="DocumentedMember"/>.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="dotnetRoot">The folder that holds packs; null finds the one of this program's runtime.</param>
    /// <exception cref="CorpusNotFoundException">This machine has no such documentation.</exception>
    public static IDataView Load(MLContext ml, string? dotnetRoot = null)
    {
        ArgumentNullException.ThrowIfNull(ml);
        var files = DocumentationFiles.Find(dotnetRoot);
        return ml.Data.LoadFromEnumerable(files.SelectMany(static file => Read(file)));
    }

    /// <summary>Reads one documentation file.</summary>
    /// <param name="file">The path.</param>
    /// <returns>The members that have a text, in the file's order.</returns>
    /// <exception cref="DataFormatException">The file is not well-formed XML.</exception>
    public static IEnumerable<DocumentedMember> Read(string file)
    {
        using var stream = File.OpenRead(file);
        using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true });
        var types = new Dictionary<string, string[]>();
        while (Next(reader, file))
        {
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "member" && ReadMember(reader, types, file) is { } member)
                yield return member;
        }
    }

    private static DocumentedMember? ReadMember(XmlReader reader, Dictionary<string, string[]> types, string file)
    {
        try
        {
            var name = reader.GetAttribute("name") ?? "";
            var text = MemberText.Read(reader);
            if (DocumentationId.Parse(name, types, text) is not { } id || text.IsEmpty)
                return null;
            var description = text.Describe();
            return new DocumentedMember
            {
                Text = id.Signature + "\n" + description,
                Description = description,
                Summary = text.Summary,
                Namespace = id.Namespace,
                Member = id.Signature,
                Kind = id.Kind,
            };
        }
        catch (XmlException broken)
        {
            throw Broken(file, broken);
        }
    }

    private static bool Next(XmlReader reader, string file)
    {
        try
        {
            return reader.Read();
        }
        catch (XmlException broken)
        {
            throw Broken(file, broken);
        }
    }

    private static DataFormatException Broken(string file, XmlException broken) =>
        new($"{file} is not well-formed XML ({broken.Message}) Repair the SDK's installation, or name your own text files with --corpus PATH.");
}
