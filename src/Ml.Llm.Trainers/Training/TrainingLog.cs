namespace Ml.Llm.Training;

/// <summary>Where a run tells what it does: finished sentences for MLContext.Log.</summary>
/// <param name="Info">Told facts.</param>
/// <param name="Warning">Told what the user should look at.</param>
internal sealed record TrainingLog(Action<string> Info, Action<string> Warning);
