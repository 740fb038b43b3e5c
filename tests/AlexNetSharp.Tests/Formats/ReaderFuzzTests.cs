using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Formats;

/// <summary>
/// Damaged descriptions of networks, checkpoints and datasets: what they hold, or one clear error that begins with the file's name. tools/fuzz.sh takes
/// 100,000 inputs for each.
/// </summary>
public sealed partial class ReaderFuzzTests : FormatTest
{
    private const int UsualInputs = 1500;

    [Fact]
    public void NetworkAsJson()
    {
        string[] seeds = [.. ((string[])["cifar10-quick", "tensorflow", "vgg11", "nin", "caffe"]).Select(name => NetworkCatalog.Get(name).Build(5).ToJson())];
        string[] words = ["{", "}", "[", "]", ",", ":", "null", "true", "0", "-1", "2147483647", "1e300", "3.5", "\"\"", "\"name\"", "\"conv2d\"", "\"type\"", "\"same\""];
        Text("fuzz.json", seeds, words, path => NetworkDefinition.Load(path));
    }

    [Fact]
    public void Prototxt()
    {
        const string seed = """
            name: "Small"  # a comment
            input: "data"
            input_shape { dim: 10 dim: 3 dim: 9 dim: 9 }
            layer {
              name: 'conv1' type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } param { lr_mult: 2 }
              convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 0.02 } bias_filler { type: "constant" value: 0.5 } }
            }
            layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
            layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
            layer { name: "pool1" type: "Pooling" bottom: "norm1" top: "pool1" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
            layer { name: "drop1" type: "Dropout" bottom: "pool1" top: "pool1" dropout_param { dropout_ratio: 0.5 } }
            layer { name: "ip" type: "InnerProduct" bottom: "pool1" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
            layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
            """;
        string[] words = ["{", "}", ":", "\"", "layer", "layers", "dim", "0", "-1", "99999999999", "1e99", "kernel_size", "group", "stride", "\"conv1\"", "\"data\"", "MAX", "#"];
        Text("fuzz.prototxt", [seed], words, path => NetworkDefinition.Load(path));
    }

    [Fact]
    public void Checkpoints()
    {
        string path = PathOf("seed.safetensors");
        using (ParameterSet parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1))
        using (var cpu = new CpuTraining(parameters, SmallTraining.Images(16, 8, seed: 1), null, new TrainerOptions { Epochs = 2, Schedule = new ConstantRate(0.01) }))
        {
            cpu.Trainer.Run(TestContext.Current.CancellationToken);
            Checkpoint.Save(path, cpu.Trainer, classes: SmallTraining.ClassNames);
        }
        byte[] seed = File.ReadAllBytes(path);
        // The state of the training stands in the header, as text inside of text: its length is kept, so that what is behind is reached.
        byte[] characters = [.. "0123456789{}[]:,\"-.eE truefals\\"u8];
        int header = (int)BitConverter.ToInt64(seed);
        Binary("fuzz.safetensors", [seed], random =>
        {
            byte[] data = (byte[])seed.Clone();
            for (int changes = random.Next(1, 6); changes > 0; changes--)
                data[8 + random.Next(header)] = characters[random.Next(characters.Length)];
            return data;
        }, file =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(file);
            using var parameters = new ParameterSet(checkpoint.Network);
            checkpoint.CopyTo(parameters);
        });
    }

    [Fact]
    public void Idx()
    {
        byte[] whole = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, .. Enumerable.Range(0, 4 * 5 * 6).Select(i => (byte)i)];
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(whole);
        Binary("fuzz-idx3-ubyte", [whole, packed.ToArray()], random =>
        {
            byte[] data = (byte[])whole.Clone();
            data[random.Next(16)] = (byte)random.Next(256);
            return data;
        }, path => IdxFiles.ReadFile(path, 3));
    }

    [Fact]
    public void Cifar()
    {
        byte[] records = [.. Enumerable.Range(0, 2 * 3073).Select(i => (byte)(i % 3073 == 0 ? i / 3073 : i))];
        string[] classes = [.. "0123456789".Select(c => c.ToString())];
        Binary("fuzz.bin", [records], random =>
        {
            byte[] data = (byte[])records.Clone();
            data[random.Next(2) * 3073] = (byte)random.Next(256);
            return data;
        }, path => CifarBatches.ReadFiles([path], path, classes));
    }

    /// <summary>Half of the inputs have other words, half other bytes.</summary>
    private void Text(string name, string[] seeds, string[] words, Action<string> read)
    {
        string[][] tokens = [.. seeds.Select(seed => Token().Matches(seed).Select(match => match.Value).ToArray())];
        Binary(name, [.. seeds.Select(Encoding.UTF8.GetBytes)], random =>
        {
            List<string> text = [.. tokens[random.Next(tokens.Length)]];
            for (int changes = random.Next(1, 5); changes > 0 && text.Count > 0; changes--)
            {
                int at = random.Next(text.Count);
                switch (random.Next(4))
                {
                    case 0: text.RemoveAt(at); break;
                    case 1: text.Insert(at, words[random.Next(words.Length)]); break;
                    case 2: text[at] = text[random.Next(text.Count)]; break;
                    default: text[at] = words[random.Next(words.Length)]; break;
                }
            }
            return Encoding.UTF8.GetBytes(string.Concat(text));
        }, read);
    }

    private void Binary(string name, byte[][] seeds, Func<System.Random, byte[]> invent, Action<string> read)
    {
        string path = PathOf(name);
        var random = new System.Random(20261126);
        var report = new FuzzReport(name, UsualInputs);
        for (int i = -seeds.Length; i < report.Inputs; i++)
        {
            byte[] input = i < 0 ? seeds[^-i] : random.Next(2) == 0 ? invent(random) : Mutations.Of(seeds, random);
            File.WriteAllBytes(path, input);
            report.Begin();
            string? refusal = null;
            try
            {
                read(path);
            }
            catch (InvalidDataException e)
            {
                refusal = e.Message;
            }
            catch (Exception e)
            {
                Assert.Fail($"input {i}: {e}\n{Convert.ToBase64String(input)}");
            }
            if (i < 0)
                Assert.True(refusal is null, $"a seed must be valid: {refusal}");
            else
                report.End(refusal is not null);
            if (refusal is not null)
            {
                Assert.StartsWith(path, refusal, StringComparison.Ordinal);
                Assert.DoesNotContain(refusal, char.IsControl);
            }
        }
        report.Finish(report.Inputs / 20, report.Inputs - 1);
    }

    [GeneratedRegex("""\s+|"[^"]*"|[\w.+-]+|.""", RegexOptions.Singleline)]
    private static partial Regex Token();
}
