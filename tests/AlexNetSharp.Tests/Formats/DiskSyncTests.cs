using System.IO.Pipes;
using AlexNetSharp.Formats;
using Microsoft.Win32.SafeHandles;

namespace AlexNetSharp.Tests.Formats;

/// <summary>Failures of the disk are errors: the platform's own flush swallows them.</summary>
public class DiskSyncTests
{
    [Fact]
    public void AFailureIsAnErrorThatNamesTheFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no descriptors there");
        using var none = new SafeFileHandle(987654, ownsHandle: false);
        Assert.StartsWith("weights: cannot be brought to the disk", Assert.Throws<IOException>(() => DiskSync.Flush(none, "weights")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesAndFoldersAreBroughtToTheDisk()
    {
        using var folder = new TemporaryFolder();
        using FileStream file = File.Create(folder.PathOf("a"));
        file.WriteByte(1);
        file.Flush();
        DiskSync.Flush(file.SafeFileHandle, "a");
        DiskSync.FlushFolder(folder.Path);
        DiskSync.FlushFolder(folder.PathOf("gone"));
    }

    [Fact]
    public void WhatKnowsNoDiskIsLetPass()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no descriptors there");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var handle = new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        DiskSync.Flush(handle, "pipe");
    }
}
