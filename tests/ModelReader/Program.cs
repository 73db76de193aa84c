// Another process, as a user's service would be: it loads a model zip with ML.NET alone, registers nothing and names no type
// of Ml.Llm. It prints a JSON array for each text given: the values of the columns asked for.
// usage: ModelReader ZIP COLUMN[,COLUMN...] TEXT...
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using ModelReader;

var ml = new MLContext();
var model = ml.Model.Load(args[0], out _);
var columns = args[1].Split(',');
var view = model.Transform(ml.Data.LoadFromEnumerable(args.Skip(2).Select(text => new Input { Text = text })));
using var cursor = view.GetRowCursor(columns.Select(name => view.Schema[name]));
var getters = columns.Select(name => Getter(cursor, view.Schema[name])).ToList();
while (cursor.MoveNext())
    Console.WriteLine(JsonSerializer.Serialize(getters.Select(getter => getter())));
return 0;

static Func<object> Getter(DataViewRow row, DataViewSchema.Column column)
{
    if (column.Type is TextDataViewType)
    {
        var text = row.GetGetter<ReadOnlyMemory<char>>(column);
        return () =>
        {
            ReadOnlyMemory<char> value = default;
            text(ref value);
            return value.ToString();
        };
    }

    var vector = row.GetGetter<VBuffer<float>>(column);
    return () =>
    {
        VBuffer<float> value = default;
        vector(ref value);
        return value.DenseValues().ToArray();
    };
}
