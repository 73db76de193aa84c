using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Hosting;

/// <summary>Checks of columns by name and type; the errors name the column, what was found and what was expected.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class ColumnChecks
{
    /// <summary>The column of that name and type.</summary>
    /// <param name="schema">Where to look.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="type">The type that it must have.</param>
    /// <param name="user">Who asks, for the message, such as "CausalLanguageModel".</param>
    /// <exception cref="DataFormatException">There is no such column, or it has another type.</exception>
    public static DataViewSchema.Column Require(this DataViewSchema schema, string name, DataViewType type, string user)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var column = schema.GetColumnOrNull(name)
            ?? throw Missing(name, type.ToString()!, user, schema.Where(other => !other.IsHidden).Select(other => other.Name));
        return column.Type.Equals(type) ? column : throw WrongType(name, column.Type.ToString()!, type.ToString()!, user);
    }

    /// <summary>The column of that name that is a vector, of any length, of a type.</summary>
    /// <param name="schema">Where to look.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="itemType">The type that its items must have.</param>
    /// <param name="user">Who asks, for the message.</param>
    /// <exception cref="DataFormatException">There is no such column, or it has another type.</exception>
    public static DataViewSchema.Column RequireVector(this DataViewSchema schema, string name, DataViewType itemType, string user)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var column = schema.GetColumnOrNull(name)
            ?? throw Missing(name, VectorOf(itemType), user, schema.Where(other => !other.IsHidden).Select(other => other.Name));
        return column.Type is VectorDataViewType vector && vector.ItemType.Equals(itemType)
            ? column
            : throw WrongType(name, column.Type.ToString()!, VectorOf(itemType), user);
    }

    /// <summary>Checks a column of a schema shape that must be a vector, of any length, of a type.</summary>
    /// <param name="shape">Where to look.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="itemType">The type that its items must have.</param>
    /// <param name="user">Who asks, for the message.</param>
    /// <exception cref="DataFormatException">There is no such column, or it has another type.</exception>
    public static void RequireVector(this SchemaShape shape, string name, DataViewType itemType, string user)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var column = shape.Find(name) ?? throw Missing(name, VectorOf(itemType), user, shape.Select(other => other.Name));
        if (column.Kind == SchemaShape.Column.VectorKind.Scalar || column.IsKey || !column.ItemType.Equals(itemType))
            throw WrongType(name, column.IsKey ? "Key" : $"{column.Kind} of {column.ItemType}", VectorOf(itemType), user);
    }

    /// <summary>Checks a column of a schema shape, as an estimator does before any data is there.</summary>
    /// <param name="shape">Where to look.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="type">The type that it must have.</param>
    /// <param name="user">Who asks, for the message.</param>
    /// <exception cref="DataFormatException">There is no such column, or it has another type.</exception>
    public static void Require(this SchemaShape shape, string name, PrimitiveDataViewType type, string user)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var column = shape.Find(name) ?? throw Missing(name, type.ToString()!, user, shape.Select(other => other.Name));
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.IsKey || !column.ItemType.Equals(type))
        {
            var found = column.IsKey ? "Key" : column.ItemType.ToString()!;
            throw WrongType(name, column.Kind == SchemaShape.Column.VectorKind.Scalar ? found : $"{column.Kind} of {found}", type.ToString()!, user);
        }
    }

    private static string VectorOf(DataViewType itemType) => $"Vector of {itemType}";

    private static DataFormatException Missing(string name, string expected, string user, IEnumerable<string> present)
    {
        var names = string.Join(", ", present.Distinct().Select(other => $"'{other}'"));
        return new DataFormatException(
            $"{user} needs a column '{name}' of type {expected}, and the data has none of that name "
            + $"({(names.Length == 0 ? "it has no columns" : "it has " + names)}). Name another column in the options, or rename the column.",
            name);
    }

    private static DataFormatException WrongType(string name, string found, string expected, string user) => new(
        $"{user} needs the column '{name}' to be of type {expected}, and it is {found}. Convert it, or name another column in the options.",
        name);
}
