using System.Text.Json;

namespace Ml.Llm.Persistence;

/// <summary>Reads the settings of a saved component.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class ComponentSettings
{
    /// <summary>The settings.</summary>
    /// <exception cref="ModelFormatException">The text is not what was written.</exception>
    public static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json) ?? throw new JsonException("The settings are null.");
        }
        catch (JsonException problem)
        {
            throw new ModelFormatException(ComponentZip.DisplayName, $"the settings of a component cannot be read ({problem.Message}). The zip is damaged: save the model again.", problem);
        }
    }
}
