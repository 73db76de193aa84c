namespace Ml.Llm.Generation;

/// <summary>A model that several transformers use: it is disposed with the last of them, where it is theirs.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal sealed class SharedModel
{
    private readonly bool owned;
    private int users;

    /// <summary>Starts with no user.</summary>
    /// <param name="model">The model.</param>
    /// <param name="owned">Whether the users dispose it; false where it belongs to the caller.</param>
    public SharedModel(LanguageModel model, bool owned)
    {
        Model = model;
        this.owned = owned;
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Notes one more user.</summary>
    public SharedModel Use()
    {
        Interlocked.Increment(ref users);
        return this;
    }

    /// <summary>Notes that a user is done.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref users) == 0 && owned)
            Model.Dispose();
    }
}
