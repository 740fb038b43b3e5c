using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

public class NpyTests : FormatTest
{
    private static byte[] Bytes(string header, params byte[] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.Latin1.GetBytes(header), .. data];

    [Theory]
    [InlineData()]
    [InlineData(0L)]
    [InlineData(5L)]
    [InlineData(2L, 3L, 4L, 5L)]
    public void WhatWasWrittenIsRead(params long[] shape)
    {
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => i * 0.37f)];
        Npy.Save(PathOf("x.npy"), values, shape);
        (float[] read, long[] readShape) = Npy.Load(PathOf("x.npy"));
        Assert.Equal(values, read);
        Assert.Equal(shape, readShape);
    }

    // Written by NumPy itself: arange(6).reshape(2, 3) in each type (tools/golden/make_npy.py).
    [Theory]
    [InlineData("f4.npy")]
    [InlineData("f8.npy")]
    [InlineData("f2.npy")]
    [InlineData("fortran.npy")]
    public void FilesByNumPyAreRead(string name)
    {
        (float[] values, long[] shape) = Npy.Load(Golden(Path.Combine("formats", name)));
        Assert.Equal([2, 3], shape);
        Assert.Equal([0f, 1, 2, 3, 4, 5], values);
    }

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "big-endian")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "not supported")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "cut short")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not negative")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "overflows")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", "expected False")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "expected '")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "repeated")]
    [InlineData("{'descr': '<f4', 'shape': (1,), }", "must hold")]
    [InlineData("{'descr': '<f4", "no end")]
    [InlineData("", "expected {")]
    public void ABadHeaderIsRefused(string header, string expected) => Refuses(Bytes(header, 0, 0, 0, 0), "x.npy", expected);

    [Fact]
    public void IntegersAreNoInput()
    {
        File.WriteAllBytes(PathOf("i.npy"), Bytes("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }", 1, 0, 0, 0));
        Assert.Contains("astype", Assert.Throws<InvalidDataException>(() => Npy.Load(PathOf("i.npy"))).Message, StringComparison.Ordinal);
    }
}
