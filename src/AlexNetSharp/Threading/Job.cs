namespace AlexNetSharp.Threading;

/// <summary>Independent pieces of work, numbered from 0, that a <see cref="WorkerPool"/> hands out to its threads.</summary>
/// <remarks>
/// A job object is made once with the plan and used in every step, so that running it allocates nothing. Which thread executes
/// which piece is not fixed; for the result to be the same bits with any number of threads, a piece must write only what no other
/// piece writes, and must not depend on <c>worker</c> except to find its scratch memory.
/// </remarks>
internal abstract class Job
{
    /// <summary>Does piece <paramref name="index"/>.</summary>
    /// <param name="index">Number of the piece, from 0.</param>
    /// <param name="worker">Number of the thread that does it, from 0 to <see cref="WorkerPool.Threads"/> − 1: selects scratch memory.</param>
    public abstract void Execute(int index, int worker);
}
