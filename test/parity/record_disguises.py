"""Records small networks with one gate each, in the forms that exporters write, and what their gates
are for one picture: test/parity/fixtures/disguises/.

Run with a Python that has torch and onnx:  python3 test/parity/record_disguises.py

The forms of PyTorch come from its own exporter, those of others are written operator by operator;
gates are computed by torch or numpy, never by what is tested.
"""

import io
import json
import os
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
OUT = os.path.join(os.path.dirname(__file__), "fixtures", "disguises")
C, HIDDEN, SIZE = 8, 2, 6
PICTURE = np.float32(np.sin(np.arange(3 * SIZE * SIZE) * 0.7)).reshape(1, 3, SIZE, SIZE)

recorded = {}


def keep(name, model, gate, **what):
    """gate: the numbers of the gate for PICTURE, or None where nothing is to be found."""
    onnx.save(model, os.path.join(OUT, f"{name}.onnx"))
    recorded[name] = None if gate is None else {"gate": [float(v) for v in np.ravel(gate)], **what}


# PyTorch's exporter


class Network(nn.Module):
    """A convolution and a gate on it."""

    def __init__(self, gate):
        super().__init__()
        self.stem = nn.Conv2d(3, C, 3, padding=1)
        self.se = gate

    def forward(self, x):
        return self.se(self.stem(x))


class Gate(nn.Module):
    """z = squeeze(u), s = gate(fc2(act(fc1(z)))), combine(u, s); shows s."""

    def __init__(self, squeeze, fc1, act, fc2, gate, combine=lambda u, s: u * s, norm=None):
        super().__init__()
        self.fc1, self.fc2 = fc1, fc2
        self.act = act if isinstance(act, nn.Module) else None
        self.norm = norm
        self.squeeze_, self.act_, self.gate_, self.combine = squeeze, act, gate, combine

    def forward(self, u):
        z = self.fc1(self.squeeze_(u))
        z = self.act_(self.norm(z) if self.norm is not None else z)
        self.shown = self.gate_(self.fc2(z))
        return self.combine(u, self.shown)


def conv(i, o, bias=True):
    return nn.Conv2d(i, o, 1, bias=bias)


def pooled(u):
    return F.adaptive_avg_pool2d(u, 1)


def exported(name, gate, opset=13, fold=True, fuse=True, **what):
    torch.manual_seed(len(recorded))
    network = Network(gate).eval()
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            nn.init.normal_(parameter, std=0.5)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
    file = io.BytesIO()
    picture = torch.from_numpy(PICTURE)
    torch.onnx.export(
        network, picture, file, opset_version=opset, do_constant_folding=fold,
        training=torch.onnx.TrainingMode.EVAL if fuse else torch.onnx.TrainingMode.PRESERVE,
        input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}},
    )
    network(picture)
    shown = getattr(gate, "shown", None)
    keep(name, onnx.load_from_string(file.getvalue()), None if shown is None else shown.detach().numpy(), **what)


def relu6_gate(v):
    return F.relu6(v + 3) / 6


def se(fc1=None, fc2=None, squeeze=pooled, act=F.relu, gate=torch.sigmoid, **more):
    return Gate(squeeze, fc1 or conv(C, HIDDEN), act, fc2 or conv(HIDDEN, C), gate, **more)


def as_row(u):
    return F.adaptive_avg_pool2d(u, 1).view(-1, C)


def times_expanded(u, s):
    return u * s.view(-1, C, 1, 1).expand_as(u)


class ECA(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, u):
        z = pooled(u).squeeze(-1).transpose(-1, -2)
        self.shown = torch.sigmoid(self.conv(z).transpose(-1, -2).unsqueeze(-1))
        return u * self.shown


class OneLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = conv(C, C)

    def forward(self, u):
        self.shown = F.hardsigmoid(self.fc(u.mean((2, 3), keepdim=True)))
        return u * self.shown


class Branches(nn.Module):
    """SK's selection: softmax, no gate of its own map."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, 2 * C)

    def forward(self, u):
        a = self.fc2(F.relu(self.fc1((u + u.abs()).mean((2, 3))))).view(-1, 2, C).softmax(1)
        return u * a[:, 0, :, None, None] + u.abs() * a[:, 1, :, None, None]


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, C)

    def forward(self, u):
        return torch.sigmoid(self.fc2(F.relu(self.fc1(as_row(F.silu(u))))))


class OtherMap(nn.Module):
    """A gate that scales another map than the one it was made from."""

    def __init__(self):
        super().__init__()
        self.se = se()

    def forward(self, u):
        v = torch.tanh(u)
        s = torch.sigmoid(self.se.fc2(F.relu(self.se.fc1(pooled(v)))))
        return u * s


def record_exported():
    relu = dict(activation="ReLU", gateKind="sigmoid")
    exported("conv", se(), **relu)
    exported("conv-unfolded", se(), fold=False, **relu)
    exported("conv-without-bias", se(conv(C, HIDDEN, False), conv(HIDDEN, C, False)), **relu)
    exported("linear-expanded", se(nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, C), as_row, combine=times_expanded), **relu)
    exported("linear-without-bias", se(nn.Linear(C, HIDDEN, False), nn.Linear(HIDDEN, C, False), as_row, combine=times_expanded), opset=11, **relu)
    exported("mean-kept", se(squeeze=lambda u: u.mean((2, 3), keepdim=True)), **relu)
    exported("mean-negative-axes", se(nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, C), lambda u: u.mean((-1, -2)), combine=lambda u, s: u * s[:, :, None, None]), **relu)
    exported("mean-twice", se(squeeze=lambda u: u.mean(3, keepdim=True).mean(2, keepdim=True)), **relu)
    exported("mean-flat", se(nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, C), lambda u: u.view(-1, C, SIZE * SIZE).mean(2), combine=lambda u, s: s.view(-1, C, 1, 1) * u), **relu)
    exported("average-pool-whole", se(squeeze=lambda u: F.avg_pool2d(u, SIZE)), **relu)
    exported("max", se(squeeze=lambda u: F.adaptive_max_pool2d(u, 1)), squeeze="max", **relu)
    exported("without-squeeze", se(squeeze=lambda u: u), squeeze="none", family="without squeeze", **relu)
    exported("silu", se(act=F.silu), activation="SiLU", gateKind="sigmoid")
    exported("hard-swish-decomposed", se(act=F.hardswish, gate=F.hardsigmoid), opset=12, activation="hard-swish", gateKind="hard sigmoid")
    exported("hard-swish-fused", se(act=F.hardswish, gate=F.hardsigmoid), opset=14, activation="hard-swish", gateKind="hard sigmoid")
    exported("hard-swish-by-relu6", se(act=lambda v: v * F.relu6(v + 3) / 6, gate=relu6_gate), activation="hard-swish", gateKind="hard sigmoid")
    exported("hard-swish-by-gate", se(act=lambda v: v * relu6_gate(v), gate=lambda v: F.relu6(v + 3) * (1 / 6)), opset=9, activation="hard-swish", gateKind="hard sigmoid")
    exported("hard-sigmoid-clipped", se(gate=lambda v: torch.clamp(v / 6 + 0.5, 0, 1)), activation="ReLU", gateKind="hard sigmoid")
    exported("sigmoid-decomposed", se(gate=lambda v: 1 / (1 + torch.exp(-v))), **relu)
    exported("prelu", se(act=nn.PReLU(HIDDEN)), activation="PReLU", gateKind="sigmoid")
    exported("leaky-relu", se(act=lambda v: F.leaky_relu(v, 0.1)), activation="LeakyReLU", gateKind="sigmoid")
    exported("gelu", se(act=F.gelu), activation="GELU", gateKind="sigmoid")
    exported("tanh-gate", se(gate=torch.tanh), activation="ReLU", gateKind="tanh")
    exported("batch-norm-unfolded", fuse=False, gate=se(norm=nn.BatchNorm2d(HIDDEN), act=F.silu, squeeze=lambda u: u.mean((2, 3), keepdim=True)), activation="SiLU", gateKind="sigmoid")
    exported("residual", se(combine=lambda u, s: u + s * u), **relu)
    exported("eca", ECA(), gateKind="sigmoid", family="along channels")
    exported("one-layer", OneLayer(), gateKind="hard sigmoid", family="one layer")
    for name, module in {"not-branches": Branches(), "not-a-head": Head(), "not-its-map": OtherMap()}.items():
        exported(name, module)


# Operator by operator


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


class Written:
    """A graph that grows; every value has a name that says nothing."""

    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0
        rng = np.random.default_rng(len(recorded))
        self.w = {
            "stem": rng.normal(size=(C, 3, 1, 1)), "w1": rng.normal(size=(HIDDEN, C)), "b1": rng.normal(size=HIDDEN),
            "w2": rng.normal(size=(C, HIDDEN)), "b2": rng.normal(size=C),
        }
        self.w = {name: np.float32(value) for name, value in self.w.items()}
        self.u = np.einsum("oi,nihw->nohw", self.w["stem"][:, :, 0, 0], PICTURE)

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        out = f"v{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def tensor(self, value, dtype=np.float32):
        self.count += 1
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), f"t{self.count}"))
        return f"t{self.count}"

    def constant(self, value, dtype=np.float32):
        """The same as a node, as PaddlePaddle's exporter writes its weights."""
        return self.op("Constant", value=numpy_helper.from_array(np.asarray(value, dtype)))

    def stem(self):
        return self.op("Conv", "x", self.tensor(self.w["stem"]))

    def gates(self, z=None):
        z = self.u.mean((2, 3)) if z is None else z
        hidden = np.maximum(z @ self.w["w1"].T + self.w["b1"], 0)
        return sigmoid(hidden @ self.w["w2"].T + self.w["b2"])

    def keep(self, name, y, gate, opset=13, **what):
        graph = helper.make_graph(
            self.nodes, "written",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info(y, TensorProto.FLOAT, None)], self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        keep(name, model, gate, **{"activation": "ReLU", "gateKind": "sigmoid", **what})


def record_written():
    def layers(g, z, make, w1, w2):
        """conv, relu, conv on [N, C, 1, 1]."""
        hidden = g.op("Relu", g.op("Conv", z, w1, make(g.w["b1"])))
        return g.op("Sigmoid", g.op("Conv", hidden, w2, make(g.w["b2"])))

    def pointwise(w):
        return w[:, :, None, None]

    g = Written()  # Weights as Constant nodes, axes as an input.
    u = g.stem()
    z = g.op("ReduceMean", u, g.constant([-2, -1], np.int64), keepdims=1)
    s = layers(g, z, g.constant, g.constant(pointwise(g.w["w1"])), g.constant(pointwise(g.w["w2"])))
    g.keep("constant-nodes", g.op("Mul", u, s), g.gates(), opset=18)

    g = Written()  # Copies, casts and dropout everywhere.
    u = g.op("Identity", g.stem())
    z = g.op("Dropout", g.op("Cast", g.op("GlobalAveragePool", g.op("Identity", u)), to=1))
    w1 = g.op("Cast", g.tensor(pointwise(g.w["w1"]), np.float64), to=1)
    s = layers(g, z, g.tensor, w1, g.op("Identity", g.tensor(pointwise(g.w["w2"]))))
    g.keep("looked-through", g.op("Mul", g.op("Identity", s), g.op("Identity", u)), g.gates())

    g = Written()  # Channels last, as TensorFlow has them.
    u = g.op("Transpose", g.stem(), perm=[0, 2, 3, 1])
    z = g.op("ReduceMean", u, axes=[1, 2], keepdims=0)
    hidden = g.op("Relu", g.op("Add", g.op("MatMul", z, g.tensor(g.w["w1"].T)), g.tensor(g.w["b1"])))
    s = g.op("Sigmoid", g.op("Add", g.tensor(g.w["b2"]), g.op("MatMul", hidden, g.tensor(g.w["w2"].T))))
    s = g.op("Reshape", s, g.tensor([-1, 1, 1, C], np.int64))
    g.keep("channels-last", g.op("Mul", u, s), g.gates())

    g = Written()  # Layers as Gemm of weights both ways round, one after the Flatten.
    u = g.stem()
    z = g.op("Flatten", g.op("GlobalAveragePool", u))
    hidden = g.op("Relu", g.op("Gemm", z, g.tensor(g.w["w1"].T), g.tensor(g.w["b1"])))
    s = g.op("Sigmoid", g.op("Gemm", hidden, g.tensor(g.w["w2"]), g.tensor(g.w["b2"]), transB=1))
    s = g.op("Unsqueeze", s, g.tensor([2, 3], np.int64))
    g.keep("gemm-both-ways", g.op("Mul", u, s), g.gates())

    g = Written()  # Quantised weights and activations.
    def quantised(value):
        scale, zero = g.tensor(np.abs(g.q).max() / 127 + 1e-3), g.tensor(0, np.int8)
        return g.op("DequantizeLinear", g.op("QuantizeLinear", value, scale, zero), scale, zero)

    def weights(w):
        scale = np.float32(np.abs(w).max() / 127)
        stored = np.int8(np.round(w / scale))
        return g.op("DequantizeLinear", g.tensor(stored, np.int8), g.tensor(scale), g.tensor(0, np.int8)), stored * scale

    def grid(value):
        scale = np.float32(np.abs(g.q).max() / 127 + 1e-3)
        return np.clip(np.round(value / scale), -128, 127) * scale

    g.q = g.u * 2
    u, z0 = quantised(g.stem()), grid(g.u)
    w1, real1 = weights(pointwise(g.w["w1"]))
    w2, real2 = weights(pointwise(g.w["w2"]))
    z = quantised(g.op("GlobalAveragePool", u))
    s = layers(g, z, g.tensor, w1, w2)
    g.w["w1"], g.w["w2"] = real1[:, :, 0, 0], real2[:, :, 0, 0]
    g.keep("quantised", g.op("Mul", u, quantised(s)), g.gates(grid(z0.mean((2, 3)))))

    g = Written()  # The constants of a hard gate quantised too: 3, 1/6 and the bounds of relu6.
    def small(value):
        scale = g.tensor(np.float32(value / 100))
        return g.op("DequantizeLinear", g.tensor(np.int8(105), np.int8), scale, g.tensor(5, np.int8))

    u = g.stem()
    hidden = g.op("Relu", g.op("Conv", g.op("GlobalAveragePool", u), g.tensor(pointwise(g.w["w1"])), g.tensor(g.w["b1"])))
    v = g.op("Conv", hidden, g.tensor(pointwise(g.w["w2"])), g.tensor(g.w["b2"]))
    v = g.op("Clip", g.op("Add", v, small(3)), g.tensor(0.0), g.tensor(6.0))
    h = np.maximum(g.u.mean((2, 3)) @ g.w["w1"].T + g.w["b1"], 0)
    gate = np.clip(h @ g.w["w2"].T + g.w["b2"] + 3, 0, 6) / 6
    g.keep("quantised-constants", g.op("Mul", u, g.op("Mul", v, small(1 / 6))), gate, gateKind="hard sigmoid")

    g = Written()  # Bounds of Clip as attributes, as before opset 11; relu6 by Min and Max.
    u = g.stem()
    hidden = g.op("Conv", g.op("GlobalAveragePool", u), g.tensor(pointwise(g.w["w1"])), g.tensor(g.w["b1"]))
    hidden = g.op("Clip", hidden, min=0.0, max=6.0)
    v = g.op("Conv", hidden, g.tensor(pointwise(g.w["w2"])), g.tensor(g.w["b2"]))
    v = g.op("Min", g.op("Max", g.op("Add", v, g.tensor(3.0)), g.tensor(0.0)), g.tensor(6.0))
    s = g.op("Mul", g.tensor([[[[1 / 6]]]]), v)
    h = np.clip(g.u.mean((2, 3)) @ g.w["w1"].T + g.w["b1"], 0, 6)
    gate = np.clip(h @ g.w["w2"].T + g.w["b2"] + 3, 0, 6) / 6
    g.keep("clip-attributes", g.op("Mul", u, s), gate, opset=10, activation="ReLU6", gateKind="hard sigmoid")


os.makedirs(OUT, exist_ok=True)
record_exported()
record_written()
with open(os.path.join(OUT, "recorded.json"), "w") as file:
    json.dump(recorded, file, indent=1)
    file.write("\n")
