using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Writes JSON to the last byte as the Rust side of Hugging Face does: UTF-8, nothing escaped but quotes, backslashes and
/// control characters, either on one line or indented by two spaces.
/// </summary>
/// <remarks>
/// The encoders of System.Text.Json escape what their Unicode tables do not know, so the same tokens would give other
/// bytes on another runtime; here the bytes depend on the tokens alone.
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class JsonOutput(bool indented = false)
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _first = true;
    private bool _afterName;

    /// <summary>The UTF-8 bytes of what was written.</summary>
    public byte[] ToBytes() => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetBytes(_text.ToString());

    public void BeginObject() => Begin('{');

    public void EndObject() => End('}');

    public void BeginArray() => Begin('[');

    public void EndArray() => End(']');

    public void Name(string name)
    {
        Separate();
        Quote(name);
        _text.Append(indented ? ": " : ":");
        _afterName = true;
    }

    public void Text(string? value)
    {
        Separate();
        if (value is null) _text.Append("null");
        else Quote(value);
    }

    public void Text(string name, string? value)
    {
        Name(name);
        Text(value);
    }

    public void Integer(long value)
    {
        Separate();
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    public void Integer(string name, long value)
    {
        Name(name);
        Integer(value);
    }

    public void Truth(string name, bool value)
    {
        Name(name);
        Literal(value ? "true" : "false");
    }

    public void Null(string name)
    {
        Name(name);
        Literal("null");
    }

    /// <summary>Writes a value that is JSON text already, such as a number beyond 64 bits.</summary>
    public void Literal(string json)
    {
        Separate();
        _text.Append(json);
    }

    private void Begin(char bracket)
    {
        Separate();
        _text.Append(bracket);
        _depth++;
        _first = true;
    }

    private void End(char bracket)
    {
        _depth--;
        if (!_first) BreakLine();
        _text.Append(bracket);
        _first = false;
    }

    private void Separate()
    {
        if (_afterName)
        {
            _afterName = false;
            return;
        }

        if (_depth > 0)
        {
            if (!_first) _text.Append(',');
            BreakLine();
        }

        _first = false;
    }

    private void BreakLine()
    {
        if (indented) _text.Append('\n').Append(' ', 2 * _depth);
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (var character in value)
        {
            switch (character)
            {
                case '"': _text.Append("\\\""); break;
                case '\\': _text.Append("\\\\"); break;
                case '\b': _text.Append("\\b"); break;
                case '\f': _text.Append("\\f"); break;
                case '\n': _text.Append("\\n"); break;
                case '\r': _text.Append("\\r"); break;
                case '\t': _text.Append("\\t"); break;
                case < ' ': _text.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture)); break;
                default: _text.Append(character); break;
            }
        }

        _text.Append('"');
    }
}
