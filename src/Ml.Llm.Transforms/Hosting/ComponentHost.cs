extern alias mlcore;

using Microsoft.ML;
using Microsoft.ML.Runtime;
using TorchSharp;
using MlCore = mlcore::Microsoft.ML.Runtime;

namespace Ml.Llm.Hosting;

/// <summary>ML.NET's environment as a component of ours sees it: a log that reaches <see cref="MLContext.Log"/>, and the device to compute on.</summary>
/// <threadsafety>All members may be called from several threads at once, as ML.NET's environment may.</threadsafety>
internal sealed class ComponentHost
{
    private readonly IHost host;

    /// <summary>Registers a component.</summary>
    /// <param name="environment">An MLContext, or what ML.NET hands to a loader.</param>
    /// <param name="name">The component, as the log names it.</param>
    public ComponentHost(IHostEnvironment environment, string name)
    {
        ArgumentNullException.ThrowIfNull(environment);
        Environment = environment;
        Name = name;
        host = environment.Register(name);
    }

    /// <summary>The environment that the component was registered in.</summary>
    public IHostEnvironment Environment { get; }

    /// <summary>The component, as the log names it.</summary>
    public string Name { get; }

    /// <summary>Tells a fact.</summary>
    /// <param name="text">Finished text: braces in it are plain characters.</param>
    public void Info(string text) => Send(ChannelMessageKind.Info, text);

    /// <summary>Tells something that the user should look at.</summary>
    /// <param name="text">Finished text: braces in it are plain characters.</param>
    public void Warning(string text) => Send(ChannelMessageKind.Warning, text);

    /// <summary>The device that MLContext.GpuDeviceId and FallbackToCpu mean now; falling back is a warning in the log.</summary>
    /// <returns>The device.</returns>
    /// <exception cref="EngineNotFoundException">There is no such device and the CPU may not be taken, or no engine is installed.</exception>
    public torch.Device ResolveDevice()
    {
        // Both settings are public on MLContext alone, but a loader may get another environment.
        var settings = (object)Environment as MlCore.IHostEnvironmentInternal;
        return TorchEngine.ResolveDevice(settings?.GpuDeviceId, settings?.FallbackToCpu ?? true, Warning);
    }

    private void Send(ChannelMessageKind kind, string text)
    {
        using var channel = host.Start(Name);
        if (kind == ChannelMessageKind.Warning)
            channel.Warning(MessageSensitivity.None, text);
        else
            channel.Info(MessageSensitivity.None, text);
    }
}
