using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>
/// What happens to gradients between backward and update: the place where several processes that train together put theirs together. They
/// train on the same batches, cut into the same parts, of which each process computes some.
/// </summary>
/// <remarks>
/// The order of calls in a step: <see cref="Begin"/>; for each part that is this process's, <see cref="BeginPart"/> and then <see cref="Ready"/>
/// for each gradient; <see cref="Agree"/>; <see cref="Complete"/>.
/// </remarks>
internal interface IGradientExchange
{
    /// <summary>The processes.</summary>
    IProcessGroup Processes { get; }

    /// <summary>The first part of each batch that this process computes. A part is as many images as the executor takes.</summary>
    int FirstPart { get; }

    /// <summary>The part behind the last that this process computes.</summary>
    int EndPart { get; }

    /// <summary>A step begins.</summary>
    /// <param name="parts">Parts of its batch that have images: fewer than usual in the last batch of an epoch.</param>
    void Begin(int parts);

    /// <summary>Backward of a part begins, and overwrites the gradients.</summary>
    /// <param name="part">Its number in the batch.</param>
    void BeginPart(int part);

    /// <summary>Called in the backward pass of each part with each gradient as soon as it is complete, those of the last layer first.</summary>
    /// <param name="gradient">The gradient; backward of the layers before goes on when the call returns, and does not change it before the next part.</param>
    void Ready(Parameter gradient);

    /// <summary>Gives all processes the results of all parts.</summary>
    /// <param name="own">Loss and hits of each part of this process that has images.</param>
    /// <param name="stop">Whether this process is to stop after the step; becomes whether one of them is.</param>
    /// <returns>Loss and hits of the batch, added in the order of the parts.</returns>
    Tally Agree(ReadOnlySpan<Tally> own, ref bool stop);

    /// <summary>Returns when all gradients are what the update shall use. Clipping comes after it.</summary>
    /// <param name="gradients">All gradients of the step.</param>
    void Complete(ParameterSet gradients);
}
