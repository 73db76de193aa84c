[assembly: System.Runtime.CompilerServices.IgnoresAccessChecksTo("Microsoft.ML.Core")]

namespace System.Runtime.CompilerServices;

/// <summary>Lets this assembly call the internal members of the named one; the runtime knows the attribute by its name.</summary>
/// <param name="assemblyName">The simple name of the assembly whose members are called.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>The simple name of the assembly whose members are called.</summary>
    public string AssemblyName { get; } = assemblyName;
}
