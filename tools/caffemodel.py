#!/usr/bin/env python3
"""Turns a safetensors file with the names of Caffe's networks into a .caffemodel, to measure and try the reader at full size.

    tools/caffemodel.py old|new IN.safetensors OUT.caffemodel

Writes the messages by hand (Google's protobuf takes minutes for 244 MB): layers with four sizes (old, before 2014) or layer with a shape
(new); data packed. Weights go in as they stand, so colors are taken for blue, green, red, as Caffe's are.
"""
import argparse, json

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("generation", choices=["old", "new"])
parser.add_argument("source", metavar="IN.safetensors")
parser.add_argument("target", metavar="OUT.caffemodel")
arguments = parser.parse_args()
generation, source, target = arguments.generation, arguments.source, arguments.target
data = open(source, "rb").read()
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def number(field_number, value):
    return varint(field_number << 3) + varint(value)


def blob(entry):
    begin, end = entry["data_offsets"]
    shape = entry["shape"]
    if generation == "old":
        sizes = b"".join(number(i + 1, size) for i, size in enumerate([1] * (4 - len(shape)) + shape))
    else:
        sizes = field(7, field(1, b"".join(map(varint, shape))))
    return sizes + field(5, data[8 + length + begin:8 + length + end])


assert header.pop("__metadata__", {}).get("alexnetsharp.network") in ("caffe", "caffenet"), "not one of Caffe's networks"
with open(target, "wb") as out:
    out.write(field(1, b"AlexNet"))
    for layer in dict.fromkeys(name.split(".")[0] for name in header):
        blobs = [blob(header[f"{layer}.{role}"]) for role in ("weight", "bias")]
        convolution = layer.startswith("conv")
        if generation == "old":
            out.write(field(2, field(4, layer.encode()) + number(5, 4 if convolution else 14) + b"".join(field(6, b) for b in blobs)))
        else:
            out.write(field(100, field(1, layer.encode()) + field(2, b"Convolution" if convolution else b"InnerProduct") + b"".join(field(7, b) for b in blobs)))
        if layer == "conv1":
            # bvlc_alexnet normalizes first: the order tells it from bvlc_reference_caffenet.
            out.write(field(2, field(4, b"norm1") + number(5, 15)) + field(2, field(4, b"pool1") + number(5, 17)) if generation == "old"
                      else field(100, field(1, b"norm1") + field(2, b"LRN")) + field(100, field(1, b"pool1") + field(2, b"Pooling")))
