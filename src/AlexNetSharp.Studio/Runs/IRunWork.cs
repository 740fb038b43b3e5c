using System.Diagnostics;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Studio.Runs;

/// <summary>What can be done with a run; the command has it, because <c>alexnet eval</c> and <c>alexnet train</c> are it.</summary>
internal interface IRunWork
{
    /// <summary>Whether trainings can be continued here, and stopped.</summary>
    bool CanContinue { get; }

    /// <summary>Measures a run's best weights.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="images">The folder of the dataset.</param>
    /// <param name="decoder">Decodes them.</param>
    /// <param name="progress">Told how many images of how many are done.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidDataException">The folder holds no images of the run's classes.</exception>
    RunEvaluation Evaluate(string run, string images, IImageDecoder decoder, Action<int, int> progress, CancellationToken cancellation);

    /// <summary>Continues a run in another process.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    Process Continue(string run);

    /// <summary>Asks a training's process to write a checkpoint and end.</summary>
    void Interrupt(int process);
}

/// <summary>How well a run does.</summary>
/// <param name="Description">On which images.</param>
/// <param name="Result">The result.</param>
/// <param name="Images">The images.</param>
/// <param name="Preprocessing">What happens to them before the network.</param>
internal sealed record RunEvaluation(string Description, Evaluation Result, IImageDataset Images, Preprocessing Preprocessing);
