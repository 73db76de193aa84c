// Signatures only, as ML.NET 5.0 has them; no body here ever runs.
namespace Microsoft.ML
{
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    public sealed class LoadableClassAttribute : Attribute
    {
        public LoadableClassAttribute(Type instType, Type loaderType, Type argType, Type sigType, string userName, params string[] loadNames)
        {
        }
    }

    public delegate void SignatureLoadModel(ModelLoadContext ctx);

    public sealed class ModelLoadContext
    {
        public readonly BinaryReader Reader = null;

        public void CheckAtModel(VersionInfo ver) => throw null;

        public bool TryLoadBinaryStream(string name, Action<BinaryReader> action) => throw null;
    }

    public sealed class ModelSaveContext
    {
        public readonly BinaryWriter Writer = null;

        public void CheckAtModel() => throw null;

        public void SetVersionInfo(VersionInfo ver) => throw null;

        public void SaveBinaryStream(string name, Action<BinaryWriter> action) => throw null;
    }

    public readonly struct VersionInfo
    {
        public VersionInfo(
            string modelSignature,
            uint verWrittenCur,
            uint verReadableCur,
            uint verWeCanReadBack,
            string loaderAssemblyName,
            string loaderSignature = null,
            string loaderSignatureAlt = null) => throw null;
    }
}

namespace Microsoft.ML.Runtime
{
    public interface IHostEnvironmentInternal
    {
        bool FallbackToCpu { get; }

        int? GpuDeviceId { get; }
    }
}
