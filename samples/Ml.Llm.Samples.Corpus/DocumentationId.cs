using System.Globalization;
using System.Text;

namespace Ml.Llm.Samples;

/// <summary>
/// The names of XML documentation, such as M:System.String.Join``1(System.String,System.Collections.Generic.IEnumerable{``0}),
/// turned into what C# would show.
/// </summary>
internal sealed class DocumentationId
{
    private readonly Dictionary<string, string[]> typeParameters;

    private DocumentationId(Dictionary<string, string[]> typeParameters) => this.typeParameters = typeParameters;

    internal string Namespace { get; private set; } = "";

    internal string Kind { get; private set; } = "";

    internal string Signature { get; private set; } = "";

    /// <summary>Reads a name.</summary>
    /// <param name="id">The name attribute of a member element.</param>
    /// <param name="typeParameters">The type parameters of the types seen so far in this file, by full name; a type adds itself.</param>
    /// <param name="text">Gives the names of parameters.</param>
    /// <returns>Null for what is not a member of a type (namespaces, broken references).</returns>
    internal static DocumentationId? Parse(string id, Dictionary<string, string[]> typeParameters, MemberText text)
    {
        if (id.Length < 3 || id[1] != ':')
            return null;
        var result = new DocumentationId(typeParameters);
        return id[0] switch
        {
            'T' => result.ParseType(id[2..], text),
            'M' or 'P' or 'F' or 'E' => result.ParseMember(id[0], id[2..], text),
            _ => null,
        };
    }

    /// <summary>A reference as prose has it: the type's own name, or Type.Member, without arguments.</summary>
    internal static string ShortName(string reference)
    {
        var name = reference.Length > 1 && reference[1] == ':' ? reference[2..] : reference;
        var kind = name.Length != reference.Length ? reference[0] : 'T';
        var end = name.IndexOfAny(['(', '~']);
        if (end >= 0)
            name = name[..end];
        var parts = WithoutArity(name).Split('.');
        return kind switch
        {
            'N' or '!' => name,
            'T' => parts[^1],
            _ when parts is [.., var type, "#ctor"] => type,
            _ => string.Join('.', parts.TakeLast(2)),
        };
    }

    private DocumentationId ParseType(string name, MemberText text)
    {
        typeParameters[name] = [.. text.TypeParameters.Select(static parameter => parameter.Name)];
        Kind = "Type";
        Signature = TypeName(name);
        return this;
    }

    private DocumentationId ParseMember(char kind, string id, MemberText text)
    {
        var open = id.IndexOf('(', StringComparison.Ordinal);
        var close = id.LastIndexOf(')');
        var path = open < 0 ? id.Split('~')[0] : id[..open];
        var dot = path.LastIndexOf('.');
        var owner = dot < 0 ? "" : path[..dot];
        var name = path[(dot + 1)..];
        var type = TypeName(owner);
        var arity = name.Split("``");
        string[] own = arity.Length == 2 ? Names(text.TypeParameters, int.Parse(arity[1], CultureInfo.InvariantCulture)) : [];
        name = arity[0];
        Kind = kind switch
        {
            'P' => "Property",
            'F' => "Field",
            'E' => "Event",
            _ when name is "#ctor" or "#cctor" => "Constructor",
            _ when name.StartsWith("op_", StringComparison.Ordinal) => "Operator",
            _ => "Method",
        };
        var shown = Kind switch
        {
            "Constructor" => type,
            "Operator" => $"{type}.operator {name[3..]}",
            // An explicit implementation carries its interface's whole name, with # for dots.
            _ => $"{type}.{name[(name.LastIndexOf('#') + 1)..]}",
        };
        if (own.Length > 0)
            shown += $"<{string.Join(", ", own)}>";
        var (before, after) = kind == 'P' ? ('[', ']') : ('(', ')');
        if (open >= 0 && close > open)
            shown += before + Arguments(id[(open + 1)..close], owner, own, text) + after;
        else if (kind == 'M')
            shown += "()";
        Signature = shown;
        return this;
    }

    /// <summary>The name of a type with its enclosing types; sets the namespace.</summary>
    private string TypeName(string name)
    {
        var start = name.LastIndexOf('.') + 1;
        while (start > 1 && typeParameters.ContainsKey(name[..(start - 1)]))
            start = name.LastIndexOf('.', start - 2) + 1;
        Namespace = start > 1 ? name[..(start - 1)] : "";
        return ShowPath(name, start, []);
    }

    /// <summary>The types of a path, each with its type parameters; the names of all of them go to <paramref name="all"/>.</summary>
    private string ShowPath(string name, int start, List<string> all)
    {
        var shown = new StringBuilder();
        var end = start - 1;
        foreach (var part in name[start..].Split('.'))
        {
            end += part.Length + 1;
            var tick = part.Split('`');
            shown.Append(shown.Length > 0 ? "." : "").Append(tick[0]);
            if (tick.Length != 2 || !int.TryParse(tick[1], CultureInfo.InvariantCulture, out var count))
                continue;
            var known = typeParameters.GetValueOrDefault(name[..end]) ?? [];
            string[] names = [.. Enumerable.Range(0, count).Select(i => i < known.Length ? known[i] : TypeArgument(i, count))];
            shown.Append('<').AppendJoin(", ", names).Append('>');
            all.AddRange(names);
        }

        return shown.ToString();
    }

    private string Arguments(string list, string owner, string[] own, MemberText text)
    {
        var position = 0;
        var shown = new List<string>();
        var outer = new List<string>();
        ShowPath(owner, Namespace.Length == 0 ? 0 : Namespace.Length + 1, outer);
        while (position < list.Length)
        {
            var type = ReadType(list, ref position, outer, own);
            var index = shown.Count;
            shown.Add(index < text.Parameters.Count ? $"{type} {text.Parameters[index].Name}" : type);
            position++;
        }

        return string.Join(", ", shown);
    }

    /// <summary>Reads one type of an argument list, up to the comma or brace behind it.</summary>
    private static string ReadType(string list, ref int position, List<string> outer, string[] own)
    {
        var name = ReadName(list, ref position);
        var shown = name.StartsWith("``", StringComparison.Ordinal) ? At(own, name[2..])
            : name.StartsWith('`') ? At(outer, name[1..])
            : Keyword(name) ?? WithoutArity(name)[(WithoutArity(name).LastIndexOf('.') + 1)..];
        while (position < list.Length && list[position] == '{')
        {
            var inner = new List<string>();
            do
            {
                position++;
                inner.Add(ReadType(list, ref position, outer, own));
            }
            while (position < list.Length && list[position] == ',');
            position++;
            shown = name == "System.Nullable" ? inner[0] + "?" : $"{shown}<{string.Join(", ", inner)}>";
            // A type nested in a generic one: Outer{T}.Inner.
            shown += WithoutArity(ReadName(list, ref position));
        }

        while (position < list.Length && list[position] is not (',' or '}'))
        {
            if (list[position] == '@')
                shown = "ref " + shown;
            else if (list[position] != '[')
                shown += list[position];
            else
                shown += ReadRank(list, ref position);
            position++;
        }

        return shown;
    }

    private static string ReadName(string list, ref int position)
    {
        var start = position;
        while (position < list.Length && list[position] is not (',' or '{' or '}' or '[' or '@' or '*'))
            position++;
        return list[start..position];
    }

    // "[]" or "[0:,0:]": the bounds are left out.
    private static string ReadRank(string list, ref int position)
    {
        var commas = 0;
        while (position < list.Length - 1 && list[position] != ']')
            commas += list[position++] == ',' ? 1 : 0;
        return $"[{new string(',', commas)}]";
    }

    private static string At(IReadOnlyList<string> names, string index) =>
        int.TryParse(index, CultureInfo.InvariantCulture, out var i) && i < names.Count ? names[i] : "T";

    // Where a member's type parameters are not documented their names are not known: T, or T1, T2.
    private static string[] Names(List<(string Name, string Text)> parameters, int count) =>
        [.. Enumerable.Range(0, count).Select(i => parameters.Count == count ? parameters[i].Name : TypeArgument(i, count))];

    private static string TypeArgument(int index, int count) =>
        count == 1 ? "T" : string.Create(CultureInfo.InvariantCulture, $"T{index + 1}");

    private static string WithoutArity(string name)
    {
        if (!name.Contains('`', StringComparison.Ordinal))
            return name;
        var shown = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != '`')
                shown.Append(name[i]);
            else
                while (i + 1 < name.Length && (name[i + 1] == '`' || char.IsAsciiDigit(name[i + 1])))
                    i++;
        }

        return shown.ToString();
    }

    private static string? Keyword(string name) => name switch
    {
        "System.Boolean" => "bool",
        "System.Byte" => "byte",
        "System.SByte" => "sbyte",
        "System.Char" => "char",
        "System.Decimal" => "decimal",
        "System.Double" => "double",
        "System.Single" => "float",
        "System.Int16" => "short",
        "System.UInt16" => "ushort",
        "System.Int32" => "int",
        "System.UInt32" => "uint",
        "System.Int64" => "long",
        "System.UInt64" => "ulong",
        "System.IntPtr" => "nint",
        "System.UIntPtr" => "nuint",
        "System.Object" => "object",
        "System.String" => "string",
        "System.Void" => "void",
        _ => null,
    };
}
