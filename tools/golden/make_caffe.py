"""Writes caffemodel fixtures of both generations with Google's protobuf. Usage: python3 make_caffe.py FOLDER (made with protobuf 3.21.12).

Narrow networks with the layers of bvlc_alexnet (old messages: layers, four sizes; normalization before pooling) and of
bvlc_reference_caffenet (new messages: layer, shape; pooling before normalization). Values as in make_pytorch.py.
"""
import argparse
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SHAPES = [("conv1", (8, 3, 11, 11)), ("conv2", (16, 4, 5, 5)), ("conv3", (24, 16, 3, 3)), ("conv4", (16, 12, 3, 3)), ("conv5", (16, 8, 3, 3)),
          ("fc6", (32, 576)), ("fc7", (32, 32)), ("fc8", (10, 32))]
OLD_TYPES = {"Convolution": 4, "InnerProduct": 14, "LRN": 15, "Pooling": 17, "ReLU": 18}


def values(tensor, count):
    for i in range(count):
        h = (i * 2654435761 + tensor * 40503 + 12345) & 0xFFFFFFFF
        yield struct.unpack("<f", struct.pack("<I", (h & 0x807FFFFF) | (110 + ((h >> 23) & 15)) << 23))[0]


def layers(pool_first):
    """(name, type, shapes of the blobs) in the order of the network."""
    for name, shape in SHAPES:
        yield name, "Convolution" if name.startswith("conv") else "InnerProduct", [shape, shape[:1]]
        reduce = [("pool", "Pooling"), ("norm", "LRN")] if pool_first else [("norm", "LRN"), ("pool", "Pooling")]
        for kind, type_name in reduce if name in ("conv1", "conv2") else []:
            yield kind + name[-1], type_name, []


def make(pb, old, pool_first, doubles=False):
    net = pb.NetParameter(name="AlexNet" if not pool_first else "CaffeNet")
    tensor = 0
    for name, type_name, shapes in layers(pool_first):
        layer = net.layers.add(name=name, type=OLD_TYPES[type_name]) if old else net.layer.add(name=name, type=type_name)
        for shape in shapes:
            blob = layer.blobs.add()
            count = 1
            for size in shape:
                count *= size
            (blob.double_data if doubles else blob.data).extend(values(tensor, count))
            tensor += 1
            if old:
                blob.num, blob.channels, blob.height, blob.width = (1,) * (4 - len(shape)) + shape
            else:
                blob.shape.dim.extend(shape)
    return net.SerializeToString()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
here, folder = Path(__file__).parent, parser.parse_args().folder
with tempfile.TemporaryDirectory() as generated:
    subprocess.run(["protoc", f"-I{here}", f"--python_out={generated}", "caffe.proto"], check=True)
    sys.path.insert(0, generated)
    import caffe_pb2

    (folder / "old.caffemodel").write_bytes(make(caffe_pb2, old=True, pool_first=False))
    (folder / "new.caffemodel").write_bytes(make(caffe_pb2, old=False, pool_first=True))
