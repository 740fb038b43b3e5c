namespace AlexNetSharp.Threading;

/// <summary>Does one of the independent pieces of work that a <see cref="WorkerPool"/> hands out to its threads.</summary>
/// <remarks>
/// The delegate is made once, with the object whose method it is, and used in every step, so that running it allocates nothing. Which thread
/// does which piece is not fixed; for the result to be the same bits with any number of threads, a piece must write only what no other
/// piece writes, and must not depend on <paramref name="worker"/> except to find its scratch memory.
/// </remarks>
/// <param name="index">Number of the piece.</param>
/// <param name="worker">Number of the thread that does it, from 0 to <see cref="WorkerPool.Threads"/> − 1: selects scratch memory.</param>
internal delegate void Job(int index, int worker);
