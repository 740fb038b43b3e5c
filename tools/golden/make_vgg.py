#!/usr/bin/env python3
"""Writes a narrow VGG of 16 layers with PyTorch itself, in torchvision's layout, and what PyTorch computes with it.

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
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for count, width in zip(BLOCKS, WIDTHS):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(True)]
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
torch.manual_seed(16)
net = Vgg().eval()
for parameter in net.parameters():
    # As large as makes activations of one size through sixteen layers; exact in half precision.
    scale = (6 / parameter[0].numel()) ** 0.5 if parameter.dim() > 1 else 0.1
    parameter.data = (parameter.data.uniform_(-scale, scale)).half().float()
torch.save({name: tensor.half() for name, tensor in net.state_dict().items()}, f"{folder}/vgg16.pth")
with torch.no_grad():
    numpy.save(f"{folder}/vgg16-logits.npy", net.double()(value(7, (2, 3, 64, 64)).double() * 8).float().numpy())
torch.onnx.export(net.float(), torch.zeros(1, 3, 224, 224), f"{folder}/vgg16.onnx", opset_version=11, dynamic_axes={"input": {0: "batch"}}, input_names=["input"])
