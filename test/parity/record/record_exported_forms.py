"""Records small networks with one attention each, in the forms that exporters write, and what their
gates are for one picture: test/parity/fixtures/exportedForms/.

Run with a Python that has torch and onnx:  python3 test/parity/record/record_exported_forms.py

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
OUT = os.path.join(os.path.dirname(__file__), "..", "fixtures", "exportedForms")
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


def exported(name, gate, opset=13, fold=True, fuse=True, functions=False, **what):
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
        **(dict(export_modules_as_functions={type(gate)}) if functions else {}),
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
    """SK's selection, fully connected. Shows the first's share."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, 2 * C)

    def forward(self, u):
        a = self.fc2(F.relu(self.fc1((u + u.abs()).mean((2, 3))))).view(-1, 2, C).softmax(1)
        self.shown = a[:, 0]
        return u * a[:, 0, :, None, None] + u.abs() * a[:, 1, :, None, None]


class CBAM(nn.Module):
    """The authors' channel gate; with `own`, two bottlenecks where theirs is one."""

    def __init__(self, places=False, own=False):
        super().__init__()
        mlp = lambda: nn.Sequential(nn.Flatten(), nn.Linear(C, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, C))
        self.mlp, self.other = mlp(), mlp() if own else None
        self.conv = nn.Conv2d(2, 1, 3, padding=1, bias=False) if places else None

    def forward(self, u):
        average, most = F.avg_pool2d(u, SIZE), F.max_pool2d(u, SIZE)
        if self.conv is not None:
            both = torch.cat((torch.max(u, 1)[0].unsqueeze(1), torch.mean(u, 1).unsqueeze(1)), dim=1)
            self.shown = torch.sigmoid(self.conv(both))
            return u * self.shown
        s = torch.sigmoid(self.mlp(average) + (self.other or self.mlp)(most))
        self.shown = s
        return u * s.unsqueeze(2).unsqueeze(3).expand_as(u)


class GCT(nn.Module):
    """The authors' form."""

    def __init__(self, mode="l2", neutral=1.0):
        super().__init__()
        self.neutral = neutral
        self.alpha, self.gamma, self.beta = (nn.Parameter(torch.ones(1, C, 1, 1)) for _ in range(3))
        self.mode = mode

    def forward(self, u):
        if self.mode == "l2":
            s = (u.pow(2).sum((2, 3), keepdim=True) + 1e-5).pow(0.5) * self.alpha
            norm = self.gamma / (s.pow(2).mean(dim=1, keepdim=True) + 1e-5).pow(0.5)
        else:
            s = torch.abs(u).sum((2, 3), keepdim=True) * self.alpha
            norm = self.gamma / (torch.abs(s).mean(dim=1, keepdim=True) + 1e-5)
        self.shown = self.neutral + torch.tanh(s * norm + self.beta)
        return u * self.shown


class Selection(nn.Module):
    """SK as timm writes it: branches in one tensor; or one after the other. Shows the first's share."""

    def __init__(self, stacked=True, select=True):
        super().__init__()
        self.fc_reduce, self.bn, self.fc_select = conv(C, 4, False), nn.BatchNorm2d(4), conv(4, 2 * C, False)
        self.stacked, self.select = stacked, select

    def forward(self, u):
        branches = [F.relu(u), F.relu(-u)]
        x = torch.stack(branches, dim=1)
        s = x.sum(1).mean((2, 3), keepdim=True) if self.stacked else pooled(sum(branches))
        a = self.fc_select(F.relu(self.bn(self.fc_reduce(s)))).view(-1, 2, C, 1, 1)
        if not self.select:
            return sum(branches) * torch.sigmoid(a[:, 0])
        a = torch.softmax(a, dim=1)
        self.shown = a[:, 0]
        return (x * a).sum(1) if self.stacked else branches[0] * a[:, 0] + branches[1] * a[:, 1]


class Splits(nn.Module):
    """ResNeSt's, as timm writes it: radix 2, one cardinal group. Shows the first's share."""

    def __init__(self):
        super().__init__()
        self.widen, self.fc1, self.fc2 = conv(C, 2 * C), conv(C, 4), conv(4, 2 * C)

    def forward(self, u):
        x = self.widen(u)
        n, _, height, width = x.shape
        x = F.relu(x).reshape((n, 2, C, height, width))
        s = x.sum(dim=1).mean((2, 3), keepdim=True)
        a = self.fc2(F.relu(self.fc1(s)))
        a = F.softmax(a.view(n, 1, 2, -1).transpose(1, 2), dim=1)
        self.shown = a[:, 0]
        return (x * a.reshape(n, 2, C, 1, 1)).sum(dim=1).contiguous()


class SoftHead(nn.Module):
    """Softmax of a bottleneck of means, as a classifier has it, that scales nothing."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, 2 * C)

    def forward(self, u):
        return self.fc2(F.relu(self.fc1(as_row(u)))).softmax(1)


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
    exported("branches", Branches(), family="between branches", activation="ReLU", gateKind="softmax of 2")
    for name, module in {"not-a-head": Head(), "not-its-map": OtherMap()}.items():
        exported(name, module)


def record_relatives():
    relu = dict(activation="ReLU", gateKind="sigmoid")
    exported("cbam-channels", CBAM(), family="mean and maximum", squeeze="mean and max", **relu)
    exported("cbam-places", CBAM(places=True), opset=12, family="over places", squeeze="mean and max of channels", gateKind="sigmoid")
    exported("gct", GCT(), family="channel norms", squeeze="norm", gateKind="1 + tanh")
    exported("gct-l1", GCT("l1"), opset=11, family="channel norms", squeeze="norm", gateKind="1 + tanh")
    shares = dict(family="between branches", activation="ReLU", gateKind="softmax of 2")
    exported("sk-stacked", Selection(), **shares)
    exported("sk-one-by-one", Selection(stacked=False), opset=11, **shares)
    exported("split-attention", Splits(), **shares)
    for name, module in {"not-shared": CBAM(own=True), "not-selecting": Selection(select=False), "not-a-soft-head": SoftHead(), "not-neutral": GCT(neutral=2.0)}.items():
        exported(name, module)
        recorded[name] = None


class Few(nn.Module):
    """A gate of 3×3 places, spread over the map."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = conv(C, HIDDEN), conv(HIDDEN, C)

    def forward(self, u):
        s = torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(u, 3)))))
        return u * F.interpolate(s, size=SIZE)


def record_spread():
    """Gates as large as the map, means as sums, pads of zero, and modules as functions."""
    relu = dict(activation="ReLU", gateKind="sigmoid")
    both = lambda u: (u.shape[2], u.shape[3])
    count = lambda u: u.shape[2] * u.shape[3]
    exported("expanded-as", se(combine=lambda u, s: u * s.expand_as(u)), **relu)
    exported("expanded-unfolded", se(combine=lambda u, s: u * s.expand(-1, -1, SIZE, SIZE)), fold=False, **relu)
    exported("tiled", se(combine=lambda u, s: s.repeat(1, 1, SIZE, SIZE) * u), **relu)
    exported("resized", se(combine=lambda u, s: u * F.interpolate(s, size=both(u))), **relu)
    exported("resized-bilinear", se(combine=lambda u, s: u * F.interpolate(s, scale_factor=SIZE, mode="bilinear")), **relu)
    exported("upsampled", se(combine=lambda u, s: u * F.interpolate(s, scale_factor=SIZE)), opset=9, **relu)
    exported("sum-over-count", se(squeeze=lambda u: u.sum((2, 3), keepdim=True) / count(u)), **relu)
    exported("sum-over-flexible-count", se(squeeze=lambda u: u.sum((2, 3), keepdim=True) / torch._shape_as_tensor(u)[2:].prod()), **relu)
    exported("sum-times-share", se(nn.Linear(C, HIDDEN), nn.Linear(HIDDEN, C), lambda u: u.sum(3).sum(2) * (1 / SIZE**2), combine=times_expanded), opset=11, **relu)
    exported("zero-pad", se(squeeze=lambda u: F.avg_pool2d(F.pad(u, (0, 0, 0, 0)), SIZE)), **relu)
    exported("zero-pad-unfolded", se(squeeze=lambda u: F.avg_pool2d(F.pad(u, (0, 0, 0, 0)), SIZE)), opset=11, fold=False, **relu)
    exported("function", se(), opset=15, functions=True, **relu)
    exported("not-its-count", se(squeeze=lambda u: u.sum((2, 3), keepdim=True) / 35))
    exported("not-one-place", Few())
    recorded["not-its-count"] = None


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

    def keep(self, name, y, gate, opset=13, element=TensorProto.FLOAT, **what):
        graph = helper.make_graph(
            self.nodes, "written",
            [helper.make_tensor_value_info("x", element, ["N", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info(y, element, None)], self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        keep(name, model, gate, **{"activation": "ReLU", "gateKind": "sigmoid", **what})


def layers(g, z, make, w1, w2):
    """conv, relu, conv on [N, C, 1, 1]."""
    hidden = g.op("Relu", g.op("Conv", z, w1, make(g.w["b1"])))
    return g.op("Sigmoid", g.op("Conv", hidden, w2, make(g.w["b2"])))


def pointwise(w):
    return w[:, :, None, None]


def record_written():
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
    def quantized(value):
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
    u, z0 = quantized(g.stem()), grid(g.u)
    w1, real1 = weights(pointwise(g.w["w1"]))
    w2, real2 = weights(pointwise(g.w["w2"]))
    z = quantized(g.op("GlobalAveragePool", u))
    s = layers(g, z, g.tensor, w1, w2)
    g.w["w1"], g.w["w2"] = real1[:, :, 0, 0], real2[:, :, 0, 0]
    g.keep("quantized", g.op("Mul", u, quantized(s)), g.gates(grid(z0.mean((2, 3)))))

    g = Written()  # The constants of a hard gate quantized too: 3, 1/6 and the bounds of relu6.
    def small(value):
        scale = g.tensor(np.float32(value / 100))
        return g.op("DequantizeLinear", g.tensor(np.int8(105), np.int8), scale, g.tensor(5, np.int8))

    u = g.stem()
    hidden = g.op("Relu", g.op("Conv", g.op("GlobalAveragePool", u), g.tensor(pointwise(g.w["w1"])), g.tensor(g.w["b1"])))
    v = g.op("Conv", hidden, g.tensor(pointwise(g.w["w2"])), g.tensor(g.w["b2"]))
    v = g.op("Clip", g.op("Add", v, small(3)), g.tensor(0.0), g.tensor(6.0))
    h = np.maximum(g.u.mean((2, 3)) @ g.w["w1"].T + g.w["b1"], 0)
    gate = np.clip(h @ g.w["w2"].T + g.w["b2"] + 3, 0, 6) / 6
    g.keep("quantized-constants", g.op("Mul", u, g.op("Mul", v, small(1 / 6))), gate, gateKind="hard sigmoid")

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


def record_within():
    def within(g, first=1000):
        """A graph within a node, with names of its own."""
        inner = Written()
        inner.w, inner.count = g.w, first
        return inner

    def block(g, u, w1, w2, make):
        s = layers(g, g.op("GlobalAveragePool", u), make, w1, w2)
        return g.op("Mul", u, s)

    def graph_of(inner, name, inputs, outputs):
        return helper.make_graph(inner.nodes, name, inputs, [helper.make_tensor_value_info(o, t, None) for o, t in outputs], inner.initializers)

    number, flag = TensorProto.FLOAT, TensorProto.BOOL
    info = helper.make_tensor_value_info

    g = Written()  # In a branch of an If; its first layer's weights are around it.
    u, w1 = g.stem(), g.tensor(pointwise(g.w["w1"]))
    then = within(g)
    made = block(then, u, w1, then.tensor(pointwise(g.w["w2"])), then.tensor)
    other = within(g, 3000)
    same = other.op("Identity", u)
    y = g.op("If", g.tensor(True, bool), then_branch=graph_of(then, "then", [], [(made, number)]), else_branch=graph_of(other, "else", [], [(same, number)]))
    g.keep("in-if", g.op("Relu", y), g.gates(), inside="If then_branch")

    g = Written()  # In the body of a Loop, on what it carries.
    u = g.stem()
    body = within(g)
    stays = body.op("Identity", "on")
    made = block(body, "carried", body.tensor(pointwise(g.w["w1"])), body.tensor(pointwise(g.w["w2"])), body.tensor)
    inputs = [info("i", TensorProto.INT64, []), info("on", flag, []), info("carried", number, None)]
    y = g.op("Loop", g.tensor(1, np.int64), g.tensor(True, bool), u, body=graph_of(body, "body", inputs, [(stays, flag), (made, number)]))
    g.keep("in-loop", g.op("Relu", y), g.gates(), inside="Loop body")

    g = Written()  # In the body of a Scan, on each of its slices; a graph in a graph.
    u = g.op("Unsqueeze", g.stem(), g.tensor([0], np.int64))
    body, then = within(g), within(g, 2000)
    made = block(then, "slice", then.tensor(pointwise(g.w["w1"])), then.tensor(pointwise(g.w["w2"])), then.tensor)
    other = within(g, 3000)
    same = other.op("Identity", "slice")
    out = body.op("If", body.tensor(True, bool), then_branch=graph_of(then, "then", [], [(made, number)]), else_branch=graph_of(other, "else", [], [(same, number)]))
    y = g.op("Scan", u, num_scan_inputs=1, body=graph_of(body, "body", [info("slice", number, None)], [(out, number)]))
    g.keep("in-scan", g.op("Relu", y), g.gates(), inside="Scan body › If then_branch")


def record_half():
    g = Written()  # Half precision throughout, the picture too.
    half = lambda value: g.tensor(value, np.float16)
    g.w = {key: np.float32(np.float16(value)) for key, value in g.w.items()}
    g.u = np.einsum("oi,nihw->nohw", g.w["stem"][:, :, 0, 0], np.float32(np.float16(PICTURE)))
    u = g.op("Conv", "x", half(g.w["stem"]))
    hidden = g.op("Relu", g.op("Conv", g.op("GlobalAveragePool", u), half(pointwise(g.w["w1"])), half(g.w["b1"])))
    v = g.op("Conv", hidden, half(pointwise(g.w["w2"])), half(g.w["b2"]))
    v = g.op("Clip", g.op("Add", v, half(3)), half(0), half(6))
    h = np.maximum(g.u.mean((2, 3)) @ g.w["w1"].T + g.w["b1"], 0)
    gate = np.clip(h @ g.w["w2"].T + g.w["b2"] + 3, 0, 6) / 6
    g.keep("float16", g.op("Mul", u, g.op("Div", v, half(6))), gate, element=TensorProto.FLOAT16, gateKind="hard sigmoid")


os.makedirs(OUT, exist_ok=True)
record_exported()
record_written()
record_relatives()
record_within()
record_half()
record_spread()
with open(os.path.join(OUT, "recorded.json"), "w") as file:
    json.dump(recorded, file, indent=1)
    file.write("\n")
