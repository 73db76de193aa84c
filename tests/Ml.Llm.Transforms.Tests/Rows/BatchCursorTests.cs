using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Transforms.Tests.Rows;

[TestClass]
public sealed class BatchCursorTests
{
    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(5)]
    [DataRow(21)]
    [DataRow(22)]
    [DataRow(1000)]
    public void Rows_keep_their_order_and_their_columns(int count)
    {
        var counting = new CountingMapping(batchSize: 16);
        var rows = ml.Data.CreateEnumerable<MappedTextRow>(View(counting, count), reuseRowObject: false).ToList();
        Assert.HasCount(count, rows);
        for (var i = 0; i < count; i++)
        {
            Assert.AreEqual($"row {i}", rows[i].Text);
            Assert.AreEqual($"ROW {i}", rows[i].Capitals);
            Assert.AreEqual(i, rows[i].Number);
            Assert.AreSequenceEqual(new float[] { i, -i }, rows[i].Pair);
            Assert.AreSequenceEqual(new float[] { rows[i].Text.Length, rows[i].Text.Length }, rows[i].Lengths);
        }

        Assert.AreEqual(count, counting.Rows);
    }

    [TestMethod]
    public void The_window_grows_by_four_up_to_the_batch_size()
    {
        var counting = new CountingMapping(batchSize: 20);
        Read(View(counting, 60), "Capitals");
        Assert.AreSequenceEqual(new[] { 1, 4, 16, 20, 19 }, counting.Calls);
    }

    [TestMethod]
    public void Nothing_is_computed_for_columns_that_nobody_asked_for()
    {
        var counting = new CountingMapping();
        var view = View(counting, 100);
        Read(view, "Text", "Number");
        using (var cursor = view.GetRowCursor(view.Schema))
        {
            var text = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"]);
            ReadOnlyMemory<char> value = default;
            while (cursor.MoveNext())
                text(ref value); // asked for all columns, read one
        }

        Assert.IsEmpty(counting.Calls);
        Read(view, "Lengths");
        Assert.AreEqual(0, counting.Computed[0]);
        Assert.IsGreaterThan(0, counting.Computed[1]);
    }

    [TestMethod]
    public void A_preview_of_five_rows_computes_five_rows()
    {
        var counting = new CountingMapping();
        var preview = View(counting, 1000).Preview(5);
        Assert.AreEqual("ROW 4", preview.RowView[4].Values.Single(pair => pair.Key == "Capitals").Value.ToString());
        Assert.IsLessThanOrEqualTo(5, counting.Rows);
    }

    [TestMethod]
    public void Reading_every_third_row_computes_in_batches_and_hands_out_the_right_rows()
    {
        var counting = new CountingMapping(batchSize: 16);
        var view = View(counting, 100);
        using var cursor = view.GetRowCursor(view.Schema);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        var number = cursor.GetGetter<int>(view.Schema["Number"]);
        var pair = cursor.GetGetter<VBuffer<float>>(view.Schema["Pair"]);
        var id = cursor.GetIdGetter();
        for (var i = 0; cursor.MoveNext(); i++)
        {
            Assert.AreEqual(i, cursor.Position);
            var value = 0;
            number(ref value);
            Assert.AreEqual(i, value);
            DataViewRowId rowId = default;
            id(ref rowId);
            Assert.AreEqual((ulong)i, rowId.Low);
            if (i % 3 == 2)
            {
                ReadOnlyMemory<char> text = default;
                capitals(ref text);
                Assert.AreEqual($"ROW {i}", text.ToString());
            }

            VBuffer<float> values = default;
            pair(ref values);
            Assert.AreSequenceEqual(new float[] { i, -i }, values.DenseValues().ToArray());
        }

        Assert.IsLessThan(12, counting.Calls.Count);
    }

    [TestMethod]
    public void A_getter_that_is_made_late_gets_the_value_of_its_row()
    {
        var view = View(new CountingMapping(batchSize: 16), 30);
        using var cursor = view.GetRowCursor(view.Schema);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        ReadOnlyMemory<char> text = default;
        for (var i = 0; i < 12; i++)
        {
            Assert.IsTrue(cursor.MoveNext());
            capitals(ref text);
        }

        VBuffer<float> lengths = default;
        cursor.GetGetter<VBuffer<float>>(view.Schema["Lengths"])(ref lengths);
        capitals(ref text);
        Assert.AreEqual("ROW 11", text.ToString());
        Assert.AreEqual(6, lengths.GetItemOrDefault(0));
    }

    [TestMethod]
    public void A_vector_that_was_handed_out_may_be_overwritten()
    {
        var view = View(new CountingMapping(), 3);
        using var cursor = view.GetRowCursor(view.Schema);
        var lengths = cursor.GetGetter<VBuffer<float>>(view.Schema["Lengths"]);
        Assert.IsTrue(cursor.MoveNext());
        VBuffer<float> first = default;
        lengths(ref first);
        var editor = VBufferEditor.CreateFromBuffer(ref first);
        editor.Values.Fill(-1);
        VBuffer<float> again = default;
        lengths(ref again);
        Assert.AreSequenceEqual(new float[] { 5, 5 }, again.DenseValues().ToArray());
    }

    [TestMethod]
    public void Position_is_minus_one_before_and_after_and_getters_refuse()
    {
        var view = View(new CountingMapping(), 1);
        var cursor = view.GetRowCursor(view.Schema);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        ReadOnlyMemory<char> value = default;
        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => capitals(ref value));
        Assert.IsTrue(cursor.MoveNext());
        capitals(ref value);
        Assert.IsFalse(cursor.MoveNext());
        Assert.IsFalse(cursor.MoveNext());
        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => capitals(ref value));
        cursor.Dispose();
        cursor.Dispose();
    }

    [TestMethod]
    public void An_inactive_column_or_a_wrong_type_is_refused()
    {
        var view = View(new CountingMapping(), 1);
        using var cursor = view.GetRowCursor([view.Schema["Capitals"]]);
        Assert.IsTrue(cursor.IsColumnActive(view.Schema["Capitals"]));
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["Text"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<float>>(view.Schema["Lengths"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(view.Schema["Capitals"]));
    }

    [TestMethod]
    public void A_missing_or_mistyped_input_is_an_error_that_names_the_column()
    {
        var missing = Assert.ThrowsExactly<DataFormatException>(() =>
            new CountingMapping().Mapping.Transform(ml.Data.LoadFromEnumerable(new[] { new CapitalsOnly() })));
        Assert.AreEqual("Text", missing.Column);
        Assert.Contains("'Capitals'", missing.Message);
        var mistyped = ml.Transforms.CopyColumns("Text", "Number").Fit(Source(1)).Transform(Source(1));
        var wrong = Assert.ThrowsExactly<DataFormatException>(() => new CountingMapping().Mapping.Transform(mistyped));
        Assert.AreEqual("Text", wrong.Column);
        Assert.Contains("Int32", wrong.Message);
    }

    [TestMethod]
    public void An_error_in_the_computation_reaches_the_reader_every_time()
    {
        var data = ml.Data.LoadFromEnumerable(TextRow.Make(3).Append(new TextRow { Text = "bad" }).Concat(TextRow.Make(3)));
        var view = new CountingMapping().Mapping.Transform(data);
        using var cursor = view.GetRowCursor(view.Schema);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        ReadOnlyMemory<char> value = default;
        Assert.IsTrue(cursor.MoveNext());
        capitals(ref value);
        Assert.IsTrue(cursor.MoveNext());
        var error = Assert.ThrowsExactly<DataFormatException>(() => capitals(ref value));
        Assert.AreEqual(1, error.Row);
        Assert.ThrowsExactly<DataFormatException>(() => capitals(ref value));
    }

    [TestMethod]
    public void A_source_that_fails_while_it_is_read_ahead_loses_no_row()
    {
        var view = new CountingMapping().Mapping.Transform(ml.Data.LoadFromEnumerable(Failing()));
        using var cursor = view.GetRowCursor([view.Schema["Capitals"]]);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        ReadOnlyMemory<char> value = default;
        Assert.IsTrue(cursor.MoveNext());
        capitals(ref value);
        Assert.IsTrue(cursor.MoveNext());
        Assert.Throws<Exception>(() => capitals(ref value));
        Assert.Throws<Exception>(() => capitals(ref value));

        static IEnumerable<TextRow> Failing()
        {
            foreach (var row in TextRow.Make(3))
                yield return row;
            throw new IOException("The disk is gone.");
        }
    }

    [TestMethod]
    public void A_shuffled_source_keeps_rows_together()
    {
        var view = new CountingMapping(batchSize: 16).Mapping.Transform(ml.Data.Cache(Source(200)));
        Assert.IsTrue(view.CanShuffle);
        using var cursor = view.GetRowCursor(view.Schema, new Random(7));
        var text = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"]);
        var capitals = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Capitals"]);
        var number = cursor.GetGetter<int>(view.Schema["Number"]);
        var id = cursor.GetIdGetter();
        var order = new List<int>();
        ReadOnlyMemory<char> one = default, two = default;
        while (cursor.MoveNext())
        {
            var value = 0;
            capitals(ref two);
            number(ref value);
            text(ref one);
            DataViewRowId rowId = default;
            id(ref rowId);
            Assert.AreEqual((ulong)value, rowId.Low);
            Assert.AreEqual($"row {value}", one.ToString());
            Assert.AreEqual($"ROW {value}", two.ToString());
            order.Add(value);
        }

        Assert.AreSequenceEqual(Enumerable.Range(0, 200), order.Order());
        Assert.AreNotSequenceEqual(Enumerable.Range(0, 200).ToList(), order);
    }

    [TestMethod]
    public void A_cursor_set_is_one_cursor()
    {
        var view = View(new CountingMapping(), 10);
        Assert.HasCount(1, view.GetRowCursorSet(view.Schema, 4));
    }

    [TestMethod]
    public void Several_cursors_may_read_at_once()
    {
        var view = View(new CountingMapping(batchSize: 16), 500);
        var readings = new List<string>[4];
        Parallel.For(0, 4, i => readings[i] = Read(view, "Capitals"));
        foreach (var reading in readings)
            Assert.AreSequenceEqual(Enumerable.Range(0, 500).Select(i => $"ROW {i}").ToList(), reading);
    }

    [TestMethod]
    public void ML_NETs_own_transforms_stand_before_and_after_in_a_chain()
    {
        var counting = new CountingMapping();
        var data = Source(50);
        var chain = ml.Transforms.CopyColumns("Copy", "Text").Fit(data)
            .Append(new MappingTransformer(counting.Mapping))
            .Append(ml.Transforms.Concatenate("Features", "Lengths", "Pair").Fit(counting.Mapping.Transform(data)));
        var view = ml.Data.Cache(chain.Transform(data));
        var features = view.GetColumn<float[]>("Features").ToList();
        Assert.AreSequenceEqual(new float[] { 6, 6, 49, -49 }, features[49]);
    }

    [TestMethod]
    public void A_prediction_engine_computes_once_a_prediction()
    {
        var counting = new CountingMapping();
        using var engine = ml.Model.CreatePredictionEngine<TextRow, MappedTextRow>(new MappingTransformer(counting.Mapping));
        var first = engine.Predict(new TextRow { Text = "one", Number = 1 });
        Assert.AreEqual("ONE", first.Capitals);
        Assert.AreSequenceEqual(new float[] { 3, 3 }, first.Lengths);
        Assert.AreEqual(1, first.Number);
        Assert.AreEqual("THREE", engine.Predict(new TextRow { Text = "three" }).Capitals);
        Assert.AreSequenceEqual(new[] { 1, 1 }, counting.Calls);
    }

    [TestMethod]
    public void A_prediction_engine_computes_no_column_that_its_output_lacks()
    {
        var counting = new CountingMapping();
        using var engine = ml.Model.CreatePredictionEngine<TextRow, CapitalsOnly>(new MappingTransformer(counting.Mapping));
        Assert.AreEqual("ONE", engine.Predict(new TextRow { Text = "one" }).Capitals);
        Assert.AreEqual(0, counting.Computed[1]);
    }

    private IDataView Source(int count) => ml.Data.LoadFromEnumerable(TextRow.Make(count));

    private IDataView View(CountingMapping counting, int count) => counting.Mapping.Transform(Source(count));

    private static List<string> Read(IDataView view, params string[] columns)
    {
        var values = new List<string>();
        using var cursor = view.GetRowCursor(columns.Select(name => view.Schema[name]));
        var texts = columns.Where(name => view.Schema[name].Type is TextDataViewType)
            .Select(name => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema[name])).ToList();
        var vectors = columns.Where(name => view.Schema[name].Type is VectorDataViewType)
            .Select(name => cursor.GetGetter<VBuffer<float>>(view.Schema[name])).ToList();
        while (cursor.MoveNext())
        {
            ReadOnlyMemory<char> text = default;
            foreach (var getter in texts)
            {
                getter(ref text);
                values.Add(text.ToString());
            }

            VBuffer<float> vector = default;
            foreach (var getter in vectors)
                getter(ref vector);
        }

        return values;
    }
}
