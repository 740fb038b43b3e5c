#!/usr/bin/env python3
"""Holds our files and numbers against PyTorch and torchvision themselves.

    tools/check-pytorch.py FOLDER [ALEXNET]

Needs Debian's python3-torch and python3-torchvision (made with 1.13.1 and 0.14.1). FOLDER receives some gigabytes of models; ALEXNET is
the built command (default: src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet). What is checked:

1. torchvision's own AlexNet, saved by torch.save as float32, float16 and bfloat16, plain and in a checkpoint with module. before each
   name, converts to safetensors with every bit as it was.
2. That safetensors file goes into torchvision's AlexNet by load_state_dict(strict=True) as it is.
3. Logits of two random images: torchvision's on the CPU in float32, ours on the same weights.
4. An index of two shards, written here by the rules of the format, holds the same bits.
5. torchvision's own VGG of 11 and 16 layers at full size: recognized by names and shapes without a word, converted with every bit as it
   was, taken by load_state_dict(strict=True), and the same logits.
6. The same with batch normalization (vgg11_bn, vgg16_bn) and random statistics: recognized as vgg11 and vgg16, the same logits.
"""
import argparse, json, subprocess
from pathlib import Path

import numpy, torch, torchvision

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
parser.add_argument("alexnet", nargs="?", default="src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet")
arguments = parser.parse_args()
folder, alexnet = arguments.folder, arguments.alexnet
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def run(*arguments):
    subprocess.run([*alexnet.split(), *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def load_file(path):
    """What safetensors.torch.load_file does: an 8-byte length, a JSON header, then the bytes."""
    data = bytearray(path.read_bytes())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        state[name] = torch.frombuffer(data, dtype=DTYPES[entry["dtype"]], offset=8 + length + begin,
                                       count=(end - begin) // torch.empty((), dtype=DTYPES[entry["dtype"]]).element_size()).reshape(entry["shape"])
    return state


def save_file(path, state):
    header, at = {}, 0
    for name, tensor in state.items():
        size = tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(t.numpy().tobytes() for t in state.values()))


def bits(tensor):
    return tensor.contiguous().view(torch.int32 if tensor.dtype == torch.float32 else torch.int16)


def same(what, expected, actual):
    assert list(expected) == list(actual), (what, list(expected), list(actual))
    for name in expected:
        assert expected[name].dtype == actual[name].dtype and torch.equal(bits(expected[name]), bits(actual[name])), (what, name)
    print(f"{what}: {len(expected)} tensors, every bit the same")


torch.manual_seed(1)
net = torchvision.models.alexnet().eval()
state = {name: tensor.detach() for name, tensor in net.state_dict().items()}
for word, dtype in (("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)):
    typed = {name: tensor.to(dtype) for name, tensor in state.items()}
    torch.save(typed, folder / f"{word}.pth")
    torch.save({"epoch": 3, "state_dict": {"module." + name: tensor for name, tensor in typed.items()}, "optimizer": {"lr": 0.1}}, folder / f"{word}-checkpoint.pth")
    for source in (f"{word}.pth", f"{word}-checkpoint.pth"):
        run("convert", folder / source, folder / "back.safetensors", "--type", word)
        same(source, typed, load_file(folder / "back.safetensors"))

run("convert", folder / "f32.pth", folder / "torchvision.safetensors")
other = torchvision.models.alexnet().eval()
print("load_state_dict(strict=True):", other.load_state_dict(load_file(folder / "torchvision.safetensors"), strict=True))

images = torch.randn(2, 3, 224, 224)
numpy.save(folder / "x.npy", images.permute(0, 2, 3, 1).contiguous().numpy())


def compare_logits(what, model, path, bound):
    run("run", path, "--input", folder / "x.npy", "--output", folder / "y.npy")
    with torch.no_grad():
        expected = model(images).numpy()
    error = numpy.abs(numpy.load(folder / "y.npy") - expected).max() / numpy.abs(expected).max()
    print(f"{what}, logits: largest difference {error:.1e} of the largest logit")
    assert error < bound


compare_logits("alexnet", other, folder / "torchvision.safetensors", 1e-5)

names = list(state)
save_file(folder / "part-1.safetensors", {name: state[name] for name in names[:9]})
save_file(folder / "part-2.safetensors", {name: state[name] for name in names[9:]})
(folder / "whole.safetensors.index.json").write_text(json.dumps(
    {"metadata": {}, "weight_map": {name: f"part-{1 if i < 9 else 2}.safetensors" for i, name in enumerate(names)}}))
run("convert", folder / "whole.safetensors.index.json", folder / "back.safetensors")
same("an index of two shards", state, load_file(folder / "back.safetensors"))

for name in ("vgg11", "vgg16"):
    net = getattr(torchvision.models, name)().eval()
    state = {key: tensor.detach() for key, tensor in net.state_dict().items()}
    torch.save(net.state_dict(), folder / f"{name}.pth")
    run("convert", folder / f"{name}.pth", folder / f"{name}.safetensors")
    converted = load_file(folder / f"{name}.safetensors")
    same(name, state, converted)
    net.load_state_dict(converted, strict=True)
    compare_logits(name, net, folder / f"{name}.pth", 2e-5)

for name in ("vgg11_bn", "vgg16_bn"):
    net = getattr(torchvision.models, name)().eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.1, 0.1)
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    torch.save(net.state_dict(), folder / f"{name}.pth")
    compare_logits(name, net, folder / f"{name}.pth", 2e-5)
