using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Execution;

/// <summary>What is disposed of on one thread while another computes with it: an exception, never the end of the process.</summary>
/// <remarks>The weights take megabytes, so that the system takes their pages back at once when they are freed.</remarks>
[Trait(AnyTier.Name, AnyTier.Value)]
public class UseAfterDisposeTests
{
    private const int Rounds = 40;

    private static Network Wide() => new(
        "wide", new Shape(1, 1, 512), [new Flatten("flatten"), new Linear("fc1", 1024), new ReLU("relu1"), new Linear("fc2", 8)]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ParametersDuringAPass(int threads) => Hammer(() =>
    {
        ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 4, Threads = threads, Gradients = GradientScope.All });
        return (() =>
        {
            plan.Forward(training: true);
            plan.Backward();
        }, parameters.Dispose, plan);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void APlanDuringItsPass(int threads) => Hammer(() =>
    {
        ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 4, Threads = threads, Gradients = GradientScope.All });
        return (() =>
        {
            plan.Forward(training: true);
            plan.Backward();
        }, plan.Dispose, parameters);
    });

    [Theory]
    [InlineData("parameters")]
    [InlineData("gradients")]
    [InlineData("state")]
    public void AnythingDuringAnUpdate(string what) => Hammer(() =>
    {
        ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        var plan = new Plan(parameters.Network, parameters, new PlanOptions { Threads = 2, Gradients = GradientScope.All });
        var optimizer = new AdamW(plan);
        ParameterSet disposed = what switch { "parameters" => parameters, "gradients" => plan.Gradients!, _ => optimizer.State };
        return (() => optimizer.Step(plan.Gradients!, 0.01f), disposed.Dispose, plan);
    });

    [Fact]
    public void ParametersWhileTheyAreSaved()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("model.safetensors");
        Hammer(() =>
        {
            ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
            return (() => ModelFile.SaveParameters(path, parameters), parameters.Dispose, parameters);
        });
        // What was given up half-way is not there, and what is there is whole.
        Assert.All(Directory.GetFiles(folder.Path), file => Assert.Equal(path, file));
        if (File.Exists(path))
            using (TensorFile file = TensorFile.Open(path))
                Assert.Equal(4, file.Tensors.Count);
    }

    [Theory]
    [InlineData("parameters")]
    [InlineData("plan")]
    public void AnythingDuringATraining(string what) => Hammer(() =>
    {
        ParameterSet parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        var cpu = new CpuTraining(
            parameters, SmallTraining.Images(64, 8, seed: 1, orderSeed: 2), SmallTraining.Images(16, 8, seed: 3),
            new TrainerOptions { Epochs = 100_000, Schedule = new ConstantRate(0.0001) }, threads: 2);
        return (() => cpu.Trainer.Run(), what == "plan" ? cpu.Plan.Dispose : parameters.Dispose, cpu);
    });

    [Theory]
    [InlineData("exchange", false)]
    [InlineData("exchange", true)]
    [InlineData("gradients", false)]
    [InlineData("gradients", true)]
    public void AnythingDuringAnExchange(string what, bool factors) => Hammer(() =>
    {
        const int part = 4, parts = 8;
        ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        var plan = new Plan(parameters.Network, parameters, new PlanOptions
        {
            BatchSize = part,
            Threads = 2,
            Gradients = GradientScope.All,
            FactorLayers = factors ? ["fc1", "fc2"] : [],
        });
        var exchange = new GradientExchange(new OtherIsSilent(), plan, part * parts);
        return (() => Exchange(exchange, plan, parts), what == "exchange" ? exchange.Dispose : plan.Gradients!.Dispose, new Both(exchange, plan));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsUnderWayIsNobodyElsesUntilItHasArrived(bool factors)
    {
        const int part = 4, parts = 4;
        using ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions
        {
            BatchSize = part,
            Threads = 2,
            Gradients = GradientScope.All,
            FactorLayers = factors ? ["fc1", "fc2"] : [],
        });
        var group = new OtherIsSilent();
        var exchange = new GradientExchange(group, plan, part * parts);
        var later = new List<AlignedBuffer>();
        using var looked = new ManualResetEventSlim();
        bool isOurs = true;
        group.During = transfers =>
        {
            if (later.Count > 0)
                return;
            var ending = new Thread(exchange.Dispose);
            ending.Start();
            Assert.True(ending.Join(TimeSpan.FromSeconds(30)), "an exchange that is under way cannot be disposed of");
            foreach (Transfer transfer in transfers)
                for (int i = 0; i < 8; i++)
                {
                    var buffer = new AlignedBuffer(transfer.Bytes / sizeof(float));
                    later.Add(buffer);
                    unsafe
                    {
                        isOurs &= (nint)buffer.Pointer >= transfer.Address + (nint)transfer.Bytes || (nint)(buffer.Pointer + buffer.Length) <= transfer.Address;
                    }
                }
            looked.Set();
        };
        Assert.Throws<ObjectDisposedException>(() => Exchange(exchange, plan, parts));
        Assert.True(looked.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken), "nothing was under way");
        Assert.True(isOurs, "memory of an exchange was given away while gradients arrived there");
        foreach (AlignedBuffer buffer in later)
            buffer.Dispose();
    }

    [Fact]
    public void ADisposedSetIsFreedWhenItsLastHolderLetsGo()
    {
        using ParameterSet parameters = ParameterSet.Initialize(Wide(), seed: 1);
        var values = new float[parameters["fc1.bias"].Spec.Length];
        AlignedBuffer.Lease first = parameters.Hold(), second = parameters.Hold();
        Span<float> storage = parameters["fc1.weight"].Storage;
        float expected = storage[7];
        parameters.Dispose();
        parameters.Dispose();
        Assert.Throws<ObjectDisposedException>(() => parameters["fc1.bias"].CopyTo(values));
        Assert.Throws<ObjectDisposedException>(() => parameters.Hold().Dispose());
        first.Dispose();
        Assert.Equal(expected, storage[7]);
        second.Dispose();
    }

    /// <summary>Uses something again and again on one thread until another has disposed of a part of it.</summary>
    private static void Hammer(Func<(Action Use, Action Dispose, IDisposable Other)> make)
    {
        for (int round = 0; round < Rounds; round++)
        {
            (Action use, Action dispose, IDisposable rest) = make();
            using var begun = new ManualResetEventSlim();
            Exception? found = null;
            var user = new Thread(() =>
            {
                begun.Set();
                try
                {
                    while (true)
                        use();
                }
#pragma warning disable CA1031 // Looked at below.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    found = e;
                }
            });
            user.Start();
            begun.Wait(TestContext.Current.CancellationToken);
            Thread.SpinWait(2000 * round);
            dispose();
            Assert.True(user.Join(TimeSpan.FromSeconds(30)), "the user does not notice");
            Assert.IsType<ObjectDisposedException>(found);
            rest.Dispose();
        }
    }

    /// <summary>A step of this process.</summary>
    private static void Exchange(GradientExchange exchange, Plan plan, int parts) => exchange.Backward(parts, _ => plan.Forward(training: true));

    /// <summary>The first of two processes; the other one gets everything and sends zeros.</summary>
    private sealed unsafe class OtherIsSilent : IProcessGroup
    {
        private long _sum;

        /// <summary>Happens before anything is sent or arrives.</summary>
        public Action<Transfer[]>? During { get; set; }

        public int Rank => 0;

        public int Count => 2;

        public void Transfer(int channel, ReadOnlySpan<Transfer> transfers)
        {
            During?.Invoke(transfers.ToArray());
            foreach (Transfer transfer in transfers)
            {
                var memory = new Span<byte>((void*)transfer.Address, (int)transfer.Bytes);
                if (transfer.Sends)
                    foreach (byte value in memory)
                        _sum += value;
                else
                    memory.Clear();
            }
        }
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
