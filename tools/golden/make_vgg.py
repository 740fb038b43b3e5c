#!/usr/bin/env python3
"""Writes narrow VGGs of 16 layers with PyTorch itself, in torchvision's layout, with batch normalization and without, and what PyTorch computes with them.

    /usr/bin/python3 tools/golden/make_vgg.py FOLDER

Made with PyTorch 1.13.1 (Debian 12, python3-torch). The network is torchvision's vgg16 with channels over 32 and hidden layers of 8, for
ten classes, as a state dict in half precision, and as ONNX by PyTorch's exporter. Images of 64 pixels, so that the adaptive pool widens
maps of 2×2; their values are those of make_pytorch.py's formula, as in vgg16-logits.npy's test.
"""
import argparse

import numpy
import torch
from torch import nn

from make_pytorch import value

BLOCKS = [2, 2, 3, 3, 3]
WIDTHS = [2, 4, 8, 16, 16]


class Vgg(nn.Module):
    def __init__(self, normalized=False):
        super().__init__()
        layers, channels = [], 3
        for count, width in zip(BLOCKS, WIDTHS):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), *[nn.BatchNorm2d(width)] * normalized, nn.ReLU(True)]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(nn.Linear(16 * 49, 8), nn.ReLU(True), nn.Dropout(), nn.Linear(8, 8), nn.ReLU(True), nn.Dropout(), nn.Linear(8, 10))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
folder = parser.parse_args().folder


def make(normalized):
    torch.manual_seed(16)
    net = Vgg(normalized).eval()
    for name, parameter in net.named_parameters():
        # As large as makes activations of one size through sixteen layers; exact in half precision.
        scale = (6 / parameter[0].numel()) ** 0.5 if parameter.dim() > 1 else 0.1
        parameter.data = (parameter.data.uniform_(-scale, scale)).half().float()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data = (1 + module.weight.data).half().float()
            module.running_mean = module.running_mean.uniform_(-0.1, 0.1).half().float()
            module.running_var = module.running_var.uniform_(0.5, 1.5).half().float()
    return net


def save(net, name):
    torch.save({key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in net.state_dict().items()}, f"{folder}/{name}.pth")
    with torch.no_grad():
        numpy.save(f"{folder}/{name}-logits.npy", net.double()(value(7, (2, 3, 64, 64)).double() * 8).float().numpy())


net = make(normalized=False)
save(net, "vgg16")
save(make(normalized=True), "vgg16_bn")
torch.onnx.export(net.float(), torch.zeros(1, 3, 224, 224), f"{folder}/vgg16.onnx", opset_version=11, dynamic_axes={"input": {0: "batch"}}, input_names=["input"])
