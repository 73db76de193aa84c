namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A place in a template: line and column from 1, in UTF-16 units.</summary>
internal readonly record struct Position(int Line, int Column);

/// <summary>A part of a template that is executed.</summary>
internal abstract record Statement(Position At);

/// <summary>Text between the tags.</summary>
internal sealed record DataStatement(Position At, TextValue Text) : Statement(At);

/// <summary>The value between double braces.</summary>
internal sealed record PrintStatement(Position At, Expression Value) : Statement(At);

/// <summary>The first branch whose test holds, or the branch without a test.</summary>
internal sealed record IfStatement(Position At, IReadOnlyList<(Expression Test, Statement[] Body)> Branches, Statement[] Otherwise) : Statement(At);

/// <summary>A loop, with a body for the case that nothing was looped over.</summary>
internal sealed record ForStatement(
    Position At, Target Target, Expression Items, Expression? Filter, bool IsRecursive, Statement[] Body, Statement[] Otherwise) : Statement(At);

/// <summary>An assignment.</summary>
internal sealed record SetStatement(Position At, Target Target, Expression Value) : Statement(At);

/// <summary>An assignment of rendered text, through filters.</summary>
internal sealed record SetBlockStatement(Position At, Target Target, FilterExpression? Filter, Statement[] Body) : Statement(At);

/// <summary>Names for a block.</summary>
internal sealed record WithStatement(Position At, IReadOnlyList<(Target Target, Expression Value)> Names, Statement[] Body) : Statement(At);

/// <summary>A macro's definition.</summary>
internal sealed record MacroStatement(Position At, MacroDefinition Definition) : Statement(At);

/// <summary>A call of a macro that is given a block as its caller.</summary>
internal sealed record CallStatement(Position At, CallExpression Call, MacroDefinition Caller) : Statement(At);

/// <summary>A block whose text goes through filters.</summary>
internal sealed record FilterStatement(Position At, FilterExpression Filter, Statement[] Body) : Statement(At);

/// <summary>A block that the assistant wrote.</summary>
internal sealed record GenerationStatement(Position At, Statement[] Body) : Statement(At);

/// <summary>Ends a loop, or the turn of a loop.</summary>
internal sealed record JumpStatement(Position At, bool EndsLoop) : Statement(At);

/// <summary>A reference to another template: there is nothing that could load one.</summary>
internal sealed record LoaderStatement(Position At) : Statement(At);

/// <summary>What a macro takes and does.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">The names of its parameters.</param>
/// <param name="Defaults">Defaults of the last parameters.</param>
/// <param name="Body">What it renders.</param>
/// <param name="TakesCaller">Whether its body speaks of its caller.</param>
/// <param name="TakesNamed">Whether its body speaks of further named arguments.</param>
/// <param name="TakesMore">Whether its body speaks of further arguments.</param>
internal sealed record MacroDefinition(
    string Name, IReadOnlyList<string> Parameters, IReadOnlyList<Expression> Defaults, Statement[] Body, bool TakesCaller, bool TakesNamed, bool TakesMore);

/// <summary>What is assigned to.</summary>
internal abstract record Target(Position At);

/// <summary>A name.</summary>
internal sealed record NameTarget(Position At, string Name) : Target(At);

/// <summary>An attribute of a namespace.</summary>
internal sealed record NamespaceTarget(Position At, string Name, string Attribute) : Target(At);

/// <summary>Several targets, each for one item of the value.</summary>
internal sealed record TupleTarget(Position At, Target[] Items) : Target(At);

/// <summary>A part of a template that has a value.</summary>
internal abstract record Expression(Position At);

/// <summary>A literal.</summary>
internal sealed record ConstantExpression(Position At, Value Value) : Expression(At);

/// <summary>A name.</summary>
internal sealed record NameExpression(Position At, string Name) : Expression(At);

/// <summary>A tuple or list.</summary>
internal sealed record SequenceExpression(Position At, Expression[] Items, bool IsTuple) : Expression(At);

/// <summary>A mapping.</summary>
internal sealed record MappingExpression(Position At, IReadOnlyList<(Expression Key, Expression Value)> Pairs) : Expression(At);

/// <summary>A sign before a value.</summary>
internal sealed record SignExpression(Position At, bool IsMinus, Expression Operand) : Expression(At);

/// <summary>Arithmetic.</summary>
internal sealed record ArithmeticExpression(Position At, Operator Operator, Expression Left, Expression Right) : Expression(At);

/// <summary>Values joined as text.</summary>
internal sealed record ConcatenationExpression(Position At, Expression[] Items) : Expression(At);

/// <summary>Comparisons in a row, each of neighbours.</summary>
internal sealed record ComparisonExpression(Position At, Expression First, IReadOnlyList<(Relation Relation, Expression Operand)> Rest) : Expression(At);

/// <summary>And, or: the operand that decides.</summary>
internal sealed record LogicExpression(Position At, bool IsAnd, Expression Left, Expression Right) : Expression(At);

/// <summary>Not.</summary>
internal sealed record NotExpression(Position At, Expression Operand) : Expression(At);

/// <summary>One value or the other.</summary>
internal sealed record ConditionExpression(Position At, Expression Test, Expression Then, Expression? Otherwise) : Expression(At);

/// <summary>An attribute by name.</summary>
internal sealed record AttributeExpression(Position At, Expression Owner, string Name) : Expression(At);

/// <summary>An item by index or key.</summary>
internal sealed record ItemExpression(Position At, Expression Owner, Expression Index) : Expression(At);

/// <summary>A subscript with colons.</summary>
internal sealed record SliceExpression(Position At, Expression? Start, Expression? Stop, Expression? Step) : Expression(At);

/// <summary>A call.</summary>
internal sealed record CallExpression(Position At, Expression Callee, ArgumentList Arguments) : Expression(At);

/// <summary>A filter; without an input it takes that of the block it belongs to.</summary>
internal sealed record FilterExpression(Position At, Expression? Input, string Name, ArgumentList Arguments) : Expression(At);

/// <summary>A test.</summary>
internal sealed record TestExpression(Position At, Expression Input, string Name, ArgumentList Arguments) : Expression(At);

/// <summary>Arguments as they are written.</summary>
internal sealed record ArgumentList(Expression[] Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? MorePositional, Expression? MoreNamed)
{
    public static readonly ArgumentList None = new([], [], null, null);
}

/// <summary>Arithmetic operators.</summary>
internal enum Operator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

/// <summary>Relations between values.</summary>
internal enum Relation
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
