#!/usr/bin/env python3
"""Ten steps of fine-tuning the narrow AlexNet in float64, as reference values for tests.

    tools/golden/finetune.py tests/AlexNetSharp.Tests/Golden/tiny-alexnet.safetensors tests/AlexNetSharp.Tests/Golden/finetune.safetensors

Made with PyTorch 1.13 (Debian 12, python3-torch; start it with /usr/bin/python3). Weights and images are those of tiny-alexnet.safetensors.
The convolutions are frozen; fc8 is new, for 5 classes; fc6 and fc7 learn at the base rate, fc8 at ten times that. Biases learn at twice
their layer's rate and do not decay. Once SGD with momentum, once AdamW.
"""
import json, struct, sys
import numpy, torch
import torch.nn.functional as F

STEPS, CLASSES, LABELS = 10, 5, [0, 1, 2, 4]
SGD = dict(lr=0.0005, momentum=0.9, weight_decay=0.0005)
ADAMW = dict(lr=0.0005, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)


def read(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = numpy.frombuffer(data[8 + size + first:8 + size + last], dtype="<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.astype(numpy.float64))
    return tensors


def write(path, tensors, metadata):
    header, offset, body = {"__metadata__": metadata}, 0, b""
    for name, tensor in tensors.items():
        values = tensor.detach().numpy().astype("<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
        body += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


def logits(w, x):
    def conv(x, name, **how):
        return F.relu(F.conv2d(x, w[f"{name}/weights"], w[f"{name}/biases"], **how))

    def norm_pool(x):
        return F.max_pool2d(F.local_response_norm(x, 9, alpha=0.001, beta=0.75, k=1), 3, 2)

    x = norm_pool(conv(x, "conv1", stride=4, padding=4))
    x = norm_pool(conv(x, "conv2", padding=2))
    x = conv(conv(conv(x, "conv3", padding=1), "conv4", padding=1), "conv5", padding=1)
    x = F.max_pool2d(x, 3, 2).flatten(1)
    x = F.relu(F.linear(x, w["fc6/weights"], w["fc6/biases"]))
    x = F.relu(F.linear(x, w["fc7/weights"], w["fc7/biases"]))
    return F.linear(x, w["fc8/weights"], w["fc8/biases"])


def train(golden, head, optimizer, settings, out, prefix):
    w = {name: tensor.clone() for name, tensor in golden.items()}
    w.update({name: tensor.clone() for name, tensor in head.items()})
    groups = []
    for layer, factor in (("fc6", 1), ("fc7", 1), ("fc8", 10)):
        for kind, rate, decay in (("weights", factor, settings["weight_decay"]), ("biases", 2 * factor, 0.0)):
            parameter = w[f"{layer}/{kind}"].requires_grad_()
            groups.append(dict(params=[parameter], lr=rate * settings["lr"], weight_decay=decay))
    step = optimizer(groups, **settings)
    for i in range(STEPS):
        step.zero_grad()
        loss = F.cross_entropy(logits(w, golden["x"]), torch.tensor(LABELS))
        out[f"{prefix}/loss{i}"] = loss.reshape(1)
        loss.backward()
        step.step()
    for layer in ("fc6", "fc7", "fc8"):
        for kind in ("weights", "biases"):
            out[f"{prefix}/{layer}/{kind}"] = w[f"{layer}/{kind}"]


def main(source, target):
    golden = read(source)
    # The new head, as float32 numbers that the test reads.
    torch.manual_seed(1)
    width = golden["fc7/weights"].shape[0]
    head = {
        "fc8/weights": (torch.randn(CLASSES, width, dtype=torch.float64) * 0.1).float().double(),
        "fc8/biases": (torch.randn(CLASSES, dtype=torch.float64) * 0.1).float().double(),
    }
    out = dict(head)
    train(golden, head, torch.optim.SGD, SGD, out, "sgd")
    train(golden, head, torch.optim.AdamW, ADAMW, out, "adamw")
    for prefix in ("sgd", "adamw"):
        print(prefix, *(f"{out[f'{prefix}/loss{i}'].item():.5f}" for i in range(STEPS)))
    write(target, out, {"torch": torch.__version__, "sgd": json.dumps(SGD), "adamw": json.dumps(ADAMW), "labels": json.dumps(LABELS)})


if __name__ == "__main__":
    main(*sys.argv[1:])
