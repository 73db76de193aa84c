namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The filters behind <c>|</c>, by name.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class FilterTable
{
    private static readonly Dictionary<string, Func<Renderer, Value, Arguments, Value>> s_filters = new()
    {
        ["abs"] = NumberFilters.Abs,
        ["attr"] = SequenceFilters.Attr,
        ["batch"] = GroupFilters.Batch,
        ["capitalize"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "capitalize", CaseMapping.Capitalized),
        ["center"] = TextFilters.Center,
        ["count"] = SequenceFilters.Length,
        ["d"] = SequenceFilters.Default,
        ["default"] = SequenceFilters.Default,
        ["dictsort"] = GroupFilters.DictSort,
        ["e"] = MarkupFilters.Escape,
        ["escape"] = MarkupFilters.Escape,
        ["filesizeformat"] = NumberFilters.FileSizeFormat,
        ["first"] = SequenceFilters.First,
        ["float"] = NumberFilters.Float,
        ["forceescape"] = MarkupFilters.Escape,
        ["format"] = TextFilters.Format,
        ["groupby"] = GroupFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Int,
        ["items"] = SequenceFilters.Items,
        ["join"] = SequenceFilters.Join,
        ["last"] = SequenceFilters.Last,
        ["length"] = SequenceFilters.Length,
        ["list"] = SequenceFilters.List,
        ["lower"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "lower", CaseMapping.Lower),
        ["map"] = SelectionFilters.Map,
        ["max"] = static (r, value, arguments) => GroupFilters.Extreme(r, value, arguments, isMax: true),
        ["min"] = static (r, value, arguments) => GroupFilters.Extreme(r, value, arguments, isMax: false),
        ["pprint"] = TextFilters.PrettyPrint,
        ["reject"] = static (r, value, arguments) => SelectionFilters.Select(r, value, arguments, "reject", byAttribute: false, keeps: false),
        ["rejectattr"] = static (r, value, arguments) => SelectionFilters.Select(r, value, arguments, "rejectattr", byAttribute: true, keeps: false),
        ["replace"] = TextFilters.Replace,
        ["reverse"] = SequenceFilters.Reverse,
        ["round"] = NumberFilters.Round,
        ["safe"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "safe", static text => text),
        ["select"] = static (r, value, arguments) => SelectionFilters.Select(r, value, arguments, "select", byAttribute: false, keeps: true),
        ["selectattr"] = static (r, value, arguments) => SelectionFilters.Select(r, value, arguments, "selectattr", byAttribute: true, keeps: true),
        ["slice"] = GroupFilters.Slice,
        ["sort"] = GroupFilters.Sort,
        ["string"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "string", static text => text),
        ["striptags"] = MarkupFilters.StripTags,
        ["sum"] = SequenceFilters.Sum,
        ["title"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "title", TextFilters.Title),
        ["tojson"] = TextFilters.ToJson,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = GroupFilters.Unique,
        ["upper"] = static (r, value, arguments) => TextFilters.Rewritten(r, value, arguments, "upper", CaseMapping.Upper),
        ["urlencode"] = MarkupFilters.UrlEncode,
        ["wordcount"] = TextFilters.WordCount,
        ["wordwrap"] = WordWrap.Wrap,
        ["xmlattr"] = MarkupFilters.XmlAttr,
    };

    /// <summary>A filter by name, or null.</summary>
    public static Func<Renderer, Value, Arguments, Value>? Find(string name) => s_filters.GetValueOrDefault(name);

    /// <summary>What to say of a name that is none.</summary>
    public static string Unknown(string name) => $"No filter named '{name}'.";
}
