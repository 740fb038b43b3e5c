using System.Diagnostics;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Studio.Runs;

/// <summary>Operations on a run; implemented by the command, because they are <c>alexnet eval</c> and <c>alexnet train</c>.</summary>
internal interface IRunWork
{
    /// <summary>Whether training can be continued and stopped here.</summary>
    bool CanContinue { get; }

    /// <summary>Evaluates a run's best weights.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="images">The folder of the dataset.</param>
    /// <param name="decoder">Decodes the images.</param>
    /// <param name="progress">Receives the number of images done and the total number.</param>
    /// <param name="cancellation">Cancels the evaluation.</param>
    /// <exception cref="InvalidDataException">The folder holds no images of the run's classes.</exception>
    RunEvaluation Evaluate(string run, string images, IImageDecoder decoder, Action<int, int> progress, CancellationToken cancellation);

    /// <summary>Continues a run in another process.</summary>
    /// <exception cref="IOException">The process cannot be started.</exception>
    Process Continue(string run);

    /// <summary>Asks a training process to write a checkpoint and exit.</summary>
    void Interrupt(int process);
}

/// <summary>Evaluation of a run.</summary>
/// <param name="Description">Which images were evaluated.</param>
/// <param name="Result">The metrics.</param>
/// <param name="Images">The evaluated images.</param>
/// <param name="Preprocessing">Preprocessing applied before the network.</param>
internal sealed record RunEvaluation(string Description, Evaluation Result, IImageDataset Images, Preprocessing Preprocessing);
