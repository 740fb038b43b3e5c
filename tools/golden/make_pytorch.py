"""Writes the PyTorch fixtures with PyTorch itself. Usage: python3 make_pytorch.py FOLDER (made with Debian 12's python3-torch, 1.13.1).

A narrow AlexNet with torchvision's names. Element i of tensor t has the bits that value() gives, so that a test can hold every bit of
what it reads against the same formula.
"""
import argparse
from collections import OrderedDict

import numpy
import torch

SHAPES = OrderedDict([
    ("features.0", (8, 3, 11, 11)), ("features.3", (16, 8, 5, 5)), ("features.6", (24, 16, 3, 3)), ("features.8", (16, 24, 3, 3)),
    ("features.10", (16, 16, 3, 3)), ("classifier.1", (32, 576)), ("classifier.4", (32, 32)), ("classifier.6", (10, 32)),
])


def value(tensor, shape):
    """Random-looking float32: any sign and fraction, exponents from 2^-17 to 2^-2 (halves below 2^-14 are subnormal)."""
    count = int(numpy.prod(shape))
    h = numpy.arange(count, dtype=numpy.uint64) * 2654435761 + tensor * 40503 + 12345
    h = (h & 0xFFFFFFFF).astype(numpy.uint32)
    bits = (h & numpy.uint32(0x807FFFFF)) | ((numpy.uint32(110) + ((h >> numpy.uint32(23)) & numpy.uint32(15))) << numpy.uint32(23))
    return torch.from_numpy(bits.view(numpy.float32).reshape(shape).copy())


def state_dict(dtype, prefix=""):
    state = OrderedDict()
    for name, shape in SHAPES.items():
        state[f"{prefix}{name}.weight"] = torch.nn.Parameter(value(len(state), shape).to(dtype), requires_grad=True)
        state[f"{prefix}{name}.bias"] = value(len(state), shape[:1]).to(dtype)
    state._metadata = OrderedDict([("", {"version": 1})])
    return state


def main(folder):
    torch.save(state_dict(torch.float32), f"{folder}/f32.pth")
    torch.save(state_dict(torch.float16), f"{folder}/f16.pth")
    torch.save(state_dict(torch.bfloat16), f"{folder}/bf16.pth")
    torch.save(state_dict(torch.float32), f"{folder}/legacy.pth", _use_new_zipfile_serialization=False)
    momentum = {i: {"step": 7, "momentum_buffer": torch.zeros(3)} for i in range(2)}
    torch.save({
        "epoch": 7, "arch": "alexnet", "best_acc1": torch.tensor(56.5), "state_dict": state_dict(torch.float32, "module."),
        "optimizer": {"state": momentum, "param_groups": [{"lr": 0.01, "nesterov": False, "params": [0, 1]}]},
    }, f"{folder}/checkpoint.pth")
    base = torch.arange(24, dtype=torch.float64).reshape(2, 3, 4)
    torch.save({"transposed": base.permute(2, 0, 1), "slice": base[:, 1:, ::2], "row": base[1, 2], "scalar": torch.tensor(3.5),
                "empty": torch.zeros(0, 4), "integers": torch.arange(3)}, f"{folder}/strided.pth")
    # Small enough that damage hits the structure and not only the numbers.
    small = {"a.weight": base[:, 1:, ::2].float(), "a.bias": torch.arange(3.0), "half": torch.arange(5.0).half()}
    torch.save(small, f"{folder}/small.pth")
    torch.save({"epoch": 1, "state_dict": small}, f"{folder}/small-legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    main(parser.parse_args().folder)
