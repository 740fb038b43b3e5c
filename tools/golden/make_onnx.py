"""Exports a narrow torchvision AlexNet with PyTorch's own ONNX exporter. Usage: python3 make_onnx.py FOLDER (PyTorch 1.13.1).

Layers and values as in make_pytorch.py; the ONNX file is what users of PyTorch have.
"""
import argparse

import numpy
import torch
from torch import nn

from make_pytorch import SHAPES, value


def network():
    def conv(name, stride=1, padding=0):
        out, into, k, _ = SHAPES[name]
        return nn.Conv2d(into, out, k, stride, padding)

    def linear(name):
        out, into = SHAPES[name]
        return nn.Linear(into, out)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                conv("features.0", 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), conv("features.3", padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
                conv("features.6", padding=1), nn.ReLU(), conv("features.8", padding=1), nn.ReLU(), conv("features.10", padding=1), nn.ReLU(),
                nn.MaxPool2d(3, 2))
            self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
            self.classifier = nn.Sequential(
                nn.Dropout(), linear("classifier.1"), nn.ReLU(), nn.Dropout(), linear("classifier.4"), nn.ReLU(), linear("classifier.6"))

        def forward(self, x):
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    return Net().eval()


net = network()
state = {}
for name, shape in SHAPES.items():
    state[f"{name}.weight"] = value(len(state), shape)
    state[f"{name}.bias"] = value(len(state), shape[:1])
net.load_state_dict(state)
image = torch.zeros(1, 3, 224, 224)
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
folder = parser.parse_args().folder
torch.onnx.export(net, image, f"{folder}/pytorch.onnx", opset_version=11)
torch.onnx.export(net, image, f"{folder}/unnamed.onnx", opset_version=11, keep_initializers_as_inputs=False,
                  input_names=["x"] + [f"w{i}" for i in range(16)])

# What PyTorch itself computes for two images whose values follow the same formula.
with torch.no_grad():
    numpy.save(f"{folder}/pytorch-logits.npy", net(value(99, (2, 3, 224, 224)) * 8).numpy())
