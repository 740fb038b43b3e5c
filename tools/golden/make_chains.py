#!/usr/bin/env python3
"""Writes ONNX fixtures: one small network in many ways of writing it, and graphs that are refused.

    /usr/bin/python3 tools/golden/make_chains.py FOLDER

Made with onnx 1.12 (Debian 12, python3-onnx). Every file of FOLDER/same means what opset13.onnx means. Weights are whole numbers times a
power of two, so that they are the same as int8, as half precision and as float32. FOLDER/refused has one reason in each file; the file is
called after it. FOLDER/global.onnx ends in GlobalAveragePool.
"""
import argparse
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
folder = parser.parse_args().folder
random = np.random.RandomState(1)
SCALE = np.float32(2 ** -9)


def whole(*shape):
    return random.randint(-100, 100, shape).astype("f4") * SCALE


CONV1, CONV2, BIAS2 = whole(8, 3, 3, 3), whole(12, 4, 3, 3), whole(12)
FC1, FC1_BIAS, FC2, FC2_BIAS = whole(10, 12 * 4 * 4), whole(10), whole(5, 10), whole(5)
GAMMA, BETA, MEAN, VARIANCE = 1 + whole(8), whole(8), whole(8), 1 + np.abs(whole(8))
node = helper.make_node


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def build(opset, ways=()):
    """The network; ways says which parts are written otherwise."""
    nodes, weights = [], {"conv1.weight": CONV1, "gamma": GAMMA, "beta": BETA, "mean": MEAN, "variance": VARIANCE, "conv2.weight": CONV2,
                          "conv2.bias": BIAS2, "fc1.weight": FC1, "fc1.bias": FC1_BIAS, "fc2.weight": FC2, "fc2.bias": FC2_BIAS}
    old = {"is_test": 1} if opset < 7 else {}
    nodes.append(node("Conv", ["input", "conv1.weight"], ["c1"], "conv1", kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    if opset < 6:
        old_norm = {**old, "consumed_inputs": [0, 0, 0, 1, 1]}
    else:
        old_norm = old
    nodes.append(node("BatchNormalization", ["c1", "gamma", "beta", "mean", "variance"], ["b1"], "bn1", epsilon=1e-3, **old_norm))
    nodes.append(node("Relu", ["b1"], ["r1"], "relu1"))
    nodes.append(node("LRN", ["r1"], ["n1"], "lrn1", size=5, alpha=0.5, beta=0.75, bias=2.0))
    nodes.append(node("MaxPool", ["n1"], ["p1"], "pool1", kernel_shape=[2, 2], strides=[2, 2]))
    auto = {"auto_pad": "SAME_UPPER"} if "same" in ways else {"pads": [1, 1, 1, 1]}
    source = "p1"
    if "pad" in ways:
        weights["around"], auto, source = np.array([0, 0, 1, 1, 0, 0, 1, 1], "i8"), {}, "padded"
        nodes.append(node("Pad", ["p1", "around"], ["padded"], "pad"))
    if "bias-add" in ways:
        weights["conv2.bias"] = BIAS2 if opset < 7 else BIAS2.reshape(1, 12, 1, 1)
        nodes.append(node("Conv", [source, "conv2.weight"], ["c2a"], "conv2", group=2, kernel_shape=[3, 3], **auto))
        nodes.append(node("Add", ["c2a", "conv2.bias"], ["c2"], "conv2-bias", **({"broadcast": 1, "axis": 1} if opset < 7 else {})))
    else:
        nodes.append(node("Conv", [source, "conv2.weight", "conv2.bias"], ["c2"], "conv2", group=2, **auto))
    nodes.append(node("Relu", ["c2"], ["r2"], "relu2"))
    if "pad" in ways:
        # As PyTorch's exporter does, even around nothing.
        weights["nothing"] = np.zeros(8, "i8")
        nodes.append(node("Pad", ["r2", "nothing"], ["r2p"], "pad-nothing", mode="constant"))
    nodes.append(node("AveragePool", ["r2p" if "pad" in ways else "r2"], ["p2"], "pool2", kernel_shape=[3, 3], strides=[1, 1]))
    drop = ["p2"]
    ratio = {"ratio": 0.25}
    if opset >= 12:
        weights["ratio"], ratio = np.float32(0.25), {}
        drop.append("ratio")
    nodes.append(node("Dropout", drop, ["d2", "mask"], "drop2", **ratio, **old))
    if opset < 5:
        nodes.append(node("Reshape", ["d2"], ["f"], "flat", shape=[0, -1]))
    elif "view" in ways:
        weights["zero"], weights["minus"] = np.int64(0), np.array([-1], "i8")
        weights["axes"] = np.array([0], "i8")
        nodes.append(node("Shape", ["d2"], ["shape"], "shape"))
        nodes.append(node("Gather", ["shape", "zero"], ["batch"], "gather", axis=0))
        nodes.append(node("Unsqueeze", ["batch", "axes"], ["batches"], "unsqueeze") if opset >= 13 else
                     node("Unsqueeze", ["batch"], ["batches"], "unsqueeze", axes=[0]))
        nodes.append(node("Concat", ["batches", "minus"], ["sizes"], "concat", axis=0))
        nodes.append(node("Reshape", ["d2", "sizes"], ["f"], "flat"))
    elif "reshape" in ways:
        weights["sizes"] = np.array([-1, 12 * 4 * 4], "i8")
        nodes.append(node("Reshape", ["d2", "sizes"], ["f"], "flat"))
    else:
        nodes.append(node("Flatten", ["d2"], ["f"], "flat"))
    if "matmul" in ways:
        weights["fc1.weight"], weights["fc2.weight"] = FC1.T.copy(), FC2.T.copy()
        nodes.append(node("MatMul", ["f", "fc1.weight"], ["m1"], "fc1"))
        nodes.append(node("Add", ["fc1.bias", "m1"], ["g1"], "fc1-bias"))
    else:
        nodes.append(node("Gemm", ["f", "fc1.weight", "fc1.bias"], ["g1"], "fc1", transB=1, **({"broadcast": 1} if opset < 7 else {})))
    nodes.append(node("Relu", ["g1"], ["r3"], "relu3"))
    if "matmul" in ways:
        nodes.append(node("MatMul", ["r3", "fc2.weight"], ["m2"], "fc2"))
        nodes.append(node("Add", ["m2", "fc2.bias"], ["g2"], "fc2-bias"))
    else:
        nodes.append(node("Gemm", ["r3", "fc2.weight", "fc2.bias"], ["g2"], "fc2", transB=1, **({"broadcast": 1} if opset < 7 else {})))
    nodes.append(node("Softmax", ["g2"], ["output"], "softmax", axis=1))
    first = []
    if "half" in ways:
        for name in [name for name in weights if name.endswith(".weight")]:
            weights[name + "_h"] = weights.pop(name).astype("f2")
            first.append(node("Cast", [name + "_h"], [name], "cast-" + name, to=TensorProto.FLOAT))
    if "int8" in ways:
        for name in [name for name in weights if name.endswith(".weight")]:
            weight = weights.pop(name)
            rows = (slice(None),) + (None,) * (weight.ndim - 1)
            largest = np.abs(weight.reshape(len(weight), -1)).max(1)
            # A finer scale for rows that fit eight bits with it, and any zero point.
            scales = np.where(largest / (SCALE / 2) <= 120, SCALE / 2, SCALE).astype("f4")
            zeros = (np.arange(len(weight)) % 7 - 3).astype("i1")
            weights[name + "_q"] = ((weight / scales[rows]).round() + zeros[rows]).astype("i1")
            weights[name + "_s"], weights[name + "_z"] = scales, zeros
            first.append(node("DequantizeLinear", [name + "_q", name + "_s", name + "_z"], [name], "dequantize-" + name, axis=0))
    if "transpose" in ways:
        for name in ("conv1.weight", "conv2.weight"):
            weights[name + "_hwio"] = weights.pop(name).transpose(2, 3, 1, 0).copy()
            first.append(node("Transpose", [name + "_hwio"], [name], "transpose-" + name, perm=[3, 2, 0, 1]))
        weights["fc1.weight_t"] = weights.pop("fc1.weight").T.copy()
        first.append(node("Transpose", ["fc1.weight_t"], ["fc1.weight"], "transpose-fc1"))
    if "constant" in ways:
        for name in [name for name in weights if name.endswith(("weight", "bias"))]:
            first.append(node("Constant", [], [name + "_c"], "constant-" + name, value=constant("", weights.pop(name))))
            first.append(node("Identity", [name + "_c"], [name], "identity-" + name))
    return model(opset, first + nodes, weights, [1 if "fixed" in ways else "N", 3, 12, 12])


def model(opset, nodes, weights, shape, output=("N", 5)):
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    if opset < 9:
        # Before IR version 4 initializers are inputs, too.
        inputs += [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype) if hasattr(helper, "np_dtype_to_tensor_dtype")
                                                 else TensorProto.FLOAT, np.asarray(value).shape) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "chain", inputs, [helper.make_tensor_value_info("output", TensorProto.FLOAT, output)],
                              [constant(name, value) for name, value in weights.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="make_chains.py")
    made.ir_version = 3 if opset < 9 else 8
    return made


def write(name, made):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save(made, str(path))


for opset in (3, 6, 7, 9, 11, 13, 17):
    write(f"same/opset{opset}.onnx", build(opset))
for way, opset in (("matmul", 13), ("view", 11), ("view", 13), ("reshape", 13), ("bias-add", 13), ("bias-add", 6), ("same", 13), ("half", 13),
                   ("int8", 13), ("transpose", 13), ("constant", 13), ("fixed", 13), ("pad", 13)):
    write(f"same/{way}{opset}.onnx", build(opset, (way,)))

write("global.onnx", model(13, [
    node("Conv", ["input", "w", "b"], ["c"], "conv", kernel_shape=[3, 3]), node("Relu", ["c"], ["r"], "relu"),
    node("GlobalAveragePool", ["r"], ["g"], "mean"), node("Softmax", ["g"], ["output"], "softmax", axis=1)],
    {"w": whole(5, 3, 3, 3), "b": whole(5)}, ["N", 3, "height", "width"], ("N", 5, 1, 1)))

START = [node("Conv", ["input", "w", "b"], ["c"], "conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1])]
W = {"w": whole(3, 3, 3, 3), "b": whole(3)}
for reason, rest in {
    "branch": [node("Relu", ["c"], ["r"], "relu"), node("Add", ["r", "c"], ["output"], "shortcut")],
    "sigmoid": [node("Sigmoid", ["c"], ["output"], "act")],
    "leaky": [node("LeakyRelu", ["c"], ["output"], "act")],
    "softmax-inside": [node("Softmax", ["c"], ["s"], "soft"), node("Relu", ["s"], ["output"], "relu")],
    "quantized": [node("QuantizeLinear", ["c", "s", "z"], ["q"], "quantize"), node("DequantizeLinear", ["q", "s", "z"], ["output"], "dequantize")],
    "late-norm": [node("Relu", ["c"], ["r"], "relu"), node("BatchNormalization", ["r", "b", "b", "b", "b"], ["output"], "norm")],
    "dilated": [node("Conv", ["c", "w"], ["output"], "holes", dilations=[2, 2])],
    "slanted": [node("MaxPool", ["c"], ["output"], "pool", kernel_shape=[2, 3])],
    "computed": [node("Relu", ["w"], ["w2"], "positive"), node("Conv", ["c", "w2"], ["output"], "conv2")],
    "turned": [node("Transpose", ["c"], ["output"], "turn", perm=[0, 2, 3, 1])],
    "foreign": [node("Relu", ["c"], ["output"], "odd", domain="com.example")],
    "padded": [node("Pad", ["c", "around"], ["p"], "zeros"), node("MaxPool", ["p"], ["output"], "pool", kernel_shape=[2, 2])],
    "mirrored": [node("Pad", ["c", "around"], ["p"], "mirror", mode="reflect"), node("Conv", ["p", "w"], ["output"], "conv2")],
    "reshaped": [node("Reshape", ["c", "sizes"], ["output"], "reshape")],
}.items():
    around = {"around": np.array([0, 0, 1, 1, 0, 0, 1, 1], "i8")}
    extra = {"padded": around, "mirrored": around, "quantized": {"s": np.float32(0.1), "z": np.int8(0)}, "reshaped": {"sizes": np.array([1, 9, 48], "i8")}}.get(reason, {})
    write(f"refused/{reason}.onnx", model(13, START + rest, {**W, **extra}, ["N", 3, 12, 12], None))
