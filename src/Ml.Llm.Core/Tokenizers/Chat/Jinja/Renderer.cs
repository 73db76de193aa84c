using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Executes a template's statements. Expressions and calls are in the other parts of the class.</summary>
/// <threadsafety>Belongs to one rendering.</threadsafety>
internal sealed partial class Renderer(Budget budget, DateTime? now)
{
    private MarkedTextBuilder _output = new(budget);
    private Scope _scope = new(null);
    private int _depth;

    /// <summary>What a statement says of the loop around it.</summary>
    private enum Flow
    {
        Next,
        EndsTurn,
        EndsLoop,
    }

    /// <summary>The costs.</summary>
    public Budget Budget => budget;

    /// <summary>The instant that the template sees as now.</summary>
    public DateTime Now => now ?? DateTime.Now;

    /// <summary>The place that is being evaluated.</summary>
    public Position At { get; private set; }

    /// <summary>Renders a template.</summary>
    /// <param name="body">The statements.</param>
    /// <param name="variables">The template's variables.</param>
    /// <exception cref="TemplateFaultException">The template failed at <see cref="At"/>.</exception>
    public TextValue Render(Statement[] body, IEnumerable<KeyValuePair<string, Value>> variables)
    {
        foreach (var (name, value) in GlobalFunctions.All) _scope.Set(name, value);
        _scope = new Scope(_scope);
        foreach (var (name, value) in variables) _scope.Set(name, value);
        _scope = new Scope(_scope);
        Execute(body);
        return _output.ToText();
    }

    private Flow Execute(Statement[] body)
    {
        Enter();
        var flow = Flow.Next;
        foreach (var statement in body)
        {
            flow = Execute(statement);
            if (flow != Flow.Next) break;
        }

        Leave();
        return flow;
    }

    private Flow Execute(Statement statement)
    {
        budget.Step();
        At = statement.At;
        switch (statement)
        {
            case DataStatement data: _output.Append(data.Text); return Flow.Next;
            case PrintStatement print: Representation.AppendText(_output, Evaluate(print.Value)); return Flow.Next;
            case IfStatement choice: return Execute(Chosen(choice));
            case ForStatement loop: return Loop(loop, Evaluate(loop.Items), depth: 0);
            case SetStatement set: Assign(set.Target, Evaluate(set.Value)); return Flow.Next;
            case SetBlockStatement set: return SetBlock(set);
            case WithStatement with: return With(with);
            case MacroStatement macro: _scope.Set(macro.Definition.Name, new MacroValue(macro.Definition, _scope)); return Flow.Next;
            case CallStatement call: Representation.AppendText(_output, Call(call.Call, new MacroValue(call.Caller, _scope))); return Flow.Next;
            case FilterStatement filter: return FilterBlock(filter);
            case GenerationStatement generation: return Generation(generation);
            case JumpStatement jump: return jump.EndsLoop ? Flow.EndsLoop : Flow.EndsTurn;
            case LoaderStatement: throw Fault.Type("no loader for this environment specified: a chat template stands alone");
            default: throw new InvalidOperationException(statement.GetType().Name);
        }
    }

    private Statement[] Chosen(IfStatement choice)
    {
        foreach (var (test, body) in choice.Branches)
            if (Truth(Evaluate(test)))
                return body;
        return choice.Otherwise;
    }

    private Flow SetBlock(SetBlockStatement set)
    {
        var (text, flow) = Captured(set.Body, new Scope(_scope));
        if (flow == Flow.Next) Assign(set.Target, set.Filter is { } filter ? FilterBlock(filter, text) : text);
        return flow;
    }

    private Flow FilterBlock(FilterStatement filter)
    {
        var (text, flow) = Captured(filter.Body, new Scope(_scope));
        if (flow == Flow.Next) Representation.AppendText(_output, FilterBlock(filter.Filter, text));
        return flow;
    }

    private Flow With(WithStatement with)
    {
        var outer = _scope;
        var inner = new Scope(outer);
        foreach (var (target, expression) in with.Names)
        {
            var value = Evaluate(expression);
            _scope = inner;
            Assign(target, value);
            _scope = outer;
        }

        _scope = inner;
        var flow = Execute(with.Body);
        _scope = outer;
        return flow;
    }

    private Flow Generation(GenerationStatement generation)
    {
        var outer = _scope;
        _scope = new Scope(outer);
        var start = _output.Length;
        var flow = Execute(generation.Body);
        _output.MarkGenerated(start);
        _scope = outer;
        return flow;
    }

    /// <summary>What statements render, instead of putting it out.</summary>
    private (TextValue Text, Flow Flow) Captured(Statement[] body, Scope scope)
    {
        var (outer, output) = (_scope, _output);
        (_scope, _output) = (scope, new MarkedTextBuilder(budget));
        var flow = Execute(body);
        var text = _output.ToText();
        (_scope, _output) = (outer, output);
        return (text, flow);
    }

    private void Assign(Target target, Value value)
    {
        At = target.At;
        switch (target)
        {
            case NameTarget name:
                _scope.Set(name.Name, value);
                break;
            case NamespaceTarget attribute:
                if ((_scope.Find(attribute.Name) ?? UndefinedValue.Name(attribute.Name)) is not NamespaceValue space)
                    throw Fault.Runtime("cannot assign attribute on non-namespace object");
                space.Set(attribute.Attribute, value);
                break;
            case TupleTarget tuple:
                var items = Sequences.Items(this, value, $"cannot unpack non-iterable {value.TypeName} object");
                if (items.Count < tuple.Items.Length) throw Fault.Value($"not enough values to unpack (expected {tuple.Items.Length}, got {items.Count})");
                if (items.Count > tuple.Items.Length) throw Fault.Value($"too many values to unpack (expected {tuple.Items.Length})");
                for (var i = 0; i < items.Count; i++) Assign(tuple.Items[i], items[i]);
                break;
        }
    }

    private void Enter()
    {
        if (++_depth > budget.Limits.MaxEvaluationDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Fault.Limit($"evaluation nests deeper than {budget.Limits.MaxEvaluationDepth} levels (MaxEvaluationDepth)");
    }

    private void Leave() => _depth--;
}
