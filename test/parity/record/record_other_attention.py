"""Records what PyTorch computes for the relatives of SE, SK and GCT, for rivals.test.ts.

    python3 test/parity/record/record_other_attention.py        (needs PyTorch 1.10 or newer, nothing else)

Written a second time from the papers and the authors' code, in the way and by the formula of
record.py.
"""

import math

import torch
from record import (
    FIXTURES,
    ReLU,
    absolute,
    labels_of,
    load,
    max_pool,
    note,
    note_maxima,
    record,
    relu,
    results_of,
    runs_of,
    value,
)
from torch import nn
from torch.nn import functional as F


def mean(x):
    return x.mean((2, 3), keepdim=True)


def maximum(x, axes):
    """The largest over space or channels, as the authors pool it."""
    flat = x.flatten(2) if axes == "space" else x.flatten(2).transpose(1, 2)
    note_maxima(flat, 2)
    return x.amax((2, 3), keepdim=True) if axes == "space" else x.amax(1, keepdim=True)


def hard_swish(x):
    note((x.detach() + 3).abs())
    note((x.detach() - 3).abs())
    return F.hardswish(x)


class GE(nn.Module):
    """extent 0 is global; `side` is the map that a global convolution covers."""

    def __init__(self, channels, variant, extent, side=0, reduction=4):
        super().__init__()
        self.extent, self.variant = extent, variant
        if variant != "theta-minus":
            self.gather = nn.Module()
            self.steps = int(math.log2(extent)) if extent else 1
            for i in range(1, self.steps + 1):
                kernel, stride, pad = (3, 2, 1) if extent else (side, 1, 0)
                conv = nn.Conv2d(
                    channels, channels, kernel, stride, pad, groups=channels, bias=False
                )
                setattr(self.gather, f"conv{i}", conv)
                setattr(self.gather, f"norm{i}", nn.BatchNorm2d(channels))
        if variant == "theta-plus":
            self.mlp = nn.Module()
            self.mlp.fc1 = nn.Conv2d(channels, channels // reduction, 1)
            self.mlp.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def gathered(self, x):
        if self.variant == "theta-minus":
            if self.extent == 0:
                return mean(x)
            wide = 2 * self.extent - 1
            return F.avg_pool2d(x, wide, self.extent, wide // 2, count_include_pad=False)
        for i in range(1, self.steps + 1):
            x = getattr(self.gather, f"norm{i}")(getattr(self.gather, f"conv{i}")(x))
            if i < self.steps:
                x = relu(x)
        return x

    def forward(self, x):
        y = self.gathered(x)
        if self.variant == "theta-plus":
            y = self.mlp.fc2(relu(self.mlp.fc1(y)))
        return x * torch.sigmoid(F.interpolate(y, size=x.shape[2:], mode="nearest"))


class ECA(nn.Module):
    def __init__(self, channels, kernel=None):
        super().__init__()
        t = int(abs((math.log(channels, 2) + 1) / 2))
        k = kernel or max(t if t % 2 else t + 1, 3)
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        z = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(1, 2)
        return x * torch.sigmoid(self.conv(z).transpose(1, 2).unsqueeze(-1))


class ChannelGate(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Flatten(), nn.Linear(channels, hidden), ReLU(), nn.Linear(hidden, channels)
        )

    def forward(self, x):
        scale = self.mlp(mean(x)) + self.mlp(maximum(x, "space"))
        return x * torch.sigmoid(scale)[:, :, None, None]


class SpatialGate(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.spatial = nn.Module()
        self.spatial.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.spatial.bn = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x):
        both = torch.cat([maximum(x, "channels"), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial.bn(self.spatial.conv(both)))


class CBAM(nn.Module):
    def __init__(self, channels, reduction=4, spatial=True, kernel=7):
        super().__init__()
        self.ChannelGate = ChannelGate(channels, channels // reduction)
        self.SpatialGate = SpatialGate(kernel) if spatial else nn.Identity()

    def forward(self, x):
        return self.SpatialGate(self.ChannelGate(x))


class BAM(nn.Module):
    def __init__(self, channels, reduction=4, combine="multiply"):
        super().__init__()
        hidden = channels // reduction
        self.combine = combine
        c, s = nn.Sequential(), nn.Sequential()
        c.add_module("flatten", nn.Flatten())
        c.add_module("gate_c_fc_0", nn.Linear(channels, hidden))
        c.add_module("gate_c_bn_1", nn.BatchNorm1d(hidden))
        c.add_module("gate_c_relu_1", ReLU())
        c.add_module("gate_c_fc_final", nn.Linear(hidden, channels))
        s.add_module("gate_s_conv_reduce0", nn.Conv2d(channels, hidden, 1))
        s.add_module("gate_s_bn_reduce0", nn.BatchNorm2d(hidden))
        s.add_module("gate_s_relu_reduce0", ReLU())
        for i in range(2):
            conv = nn.Conv2d(hidden, hidden, 3, padding=4, dilation=4)
            s.add_module(f"gate_s_conv_di_{i}", conv)
            s.add_module(f"gate_s_bn_di_{i}", nn.BatchNorm2d(hidden))
            s.add_module(f"gate_s_relu_di_{i}", ReLU())
        s.add_module("gate_s_conv_final", nn.Conv2d(hidden, 1, 1))
        self.channel_att, self.spatial_att = nn.Module(), nn.Module()
        self.channel_att.gate_c, self.spatial_att.gate_s = c, s

    def forward(self, x):
        channels = self.channel_att.gate_c(mean(x))[:, :, None, None].expand_as(x)
        places = self.spatial_att.gate_s(x).expand_as(x)
        both = channels * places if self.combine == "multiply" else channels + places
        return (1 + torch.sigmoid(both)) * x


class SRM(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.cfc = nn.Parameter(torch.zeros(channels, 2))
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        flat = x.flatten(2)
        t = torch.stack([flat.mean(2), (flat.var(2) + 1e-5).sqrt()], 2)
        z = (t * self.cfc[None]).sum(2)[:, :, None, None]
        return x * torch.sigmoid(self.bn(z))


class GC(nn.Module):
    def __init__(self, channels, reduction=4, pooling="attention", fusion="add"):
        super().__init__()
        hidden = channels // reduction
        self.pooling, self.fusion = pooling, fusion
        if pooling == "attention":
            self.conv_mask = nn.Conv2d(channels, 1, 1)
        transform = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.LayerNorm([hidden, 1, 1]),
            ReLU(),
            nn.Conv2d(hidden, channels, 1),
        )
        setattr(self, f"channel_{fusion}_conv", transform)

    def forward(self, x):
        context = mean(x)
        if self.pooling == "attention":
            weights = self.conv_mask(x).flatten(2).softmax(2)
            context = (x.flatten(2) * weights).sum(2)[:, :, None, None]
        term = getattr(self, f"channel_{self.fusion}_conv")(context)
        return x + term if self.fusion == "add" else x * torch.sigmoid(term)


class Fca(nn.Module):
    X = [0, 0, 6, 0, 0, 1, 1, 4, 5, 1, 3, 0, 0, 0, 3, 2, 4, 6, 3, 5, 5, 2, 6, 5, 5, 3, 3, 4, 2, 2, 6, 1]
    Y = [0, 1, 0, 5, 2, 0, 2, 0, 0, 6, 0, 4, 6, 3, 5, 2, 6, 3, 3, 3, 5, 1, 1, 2, 4, 2, 1, 1, 3, 0, 5, 3]
    LOW_X = [0, 0, 1, 1, 0, 2, 2, 1, 2, 0, 3, 4, 0, 1, 3, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4]
    LOW_Y = [0, 1, 0, 1, 2, 0, 1, 2, 2, 3, 0, 0, 4, 3, 1, 5, 4, 3, 2, 1, 0, 6, 5, 4, 3, 2, 1, 0, 6, 5, 4, 3]

    def __init__(self, channels, side, frequencies=16, low=False, reduction=4):
        """On `side` x `side` pixels, as many as the authors hold; other maps are pooled to it."""
        super().__init__()
        self.side = side
        xs, ys = (self.LOW_X, self.LOW_Y) if low else (self.X, self.Y)
        share = channels // frequencies
        step = side // 7
        self.basis = torch.zeros(channels, side, side, dtype=torch.float64)
        for c in range(frequencies * share):
            u, v = xs[c // share] * step, ys[c // share] * step
            for i in range(side):
                for j in range(side):
                    self.basis[c, i, j] = self.cosine(i, u, side) * self.cosine(j, v, side)
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            ReLU(),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid(),
        )

    @staticmethod
    def cosine(position, frequency, side):
        wave = math.cos(math.pi * frequency * (position + 0.5) / side) / math.sqrt(side)
        return wave if frequency == 0 else wave * math.sqrt(2)

    def forward(self, x):
        pooled = F.adaptive_avg_pool2d(x, (self.side, self.side))
        z = (pooled * self.basis).sum((2, 3))
        return x * self.fc(z)[:, :, None, None]


class SimAM(nn.Module):
    def __init__(self, e_lambda=1e-4):
        super().__init__()
        self.e_lambda = e_lambda

    def forward(self, x):
        n = x.shape[2] * x.shape[3] - 1
        d = (x - mean(x)).pow(2)
        y = d / (4 * (d.sum((2, 3), keepdim=True) / n + self.e_lambda)) + 0.5
        return x * torch.sigmoid(y)


class CA(nn.Module):
    def __init__(self, channels, reduction=32, floor=8):
        super().__init__()
        hidden = max(floor, channels // reduction)
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv_h = nn.Conv2d(hidden, channels, 1)
        self.conv_w = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        height, width = x.shape[2:]
        rows = F.adaptive_avg_pool2d(x, (None, 1))
        columns = F.adaptive_avg_pool2d(x, (1, None)).permute(0, 1, 3, 2)
        y = hard_swish(self.bn1(self.conv1(torch.cat([rows, columns], 2))))
        of_rows, of_columns = torch.split(y, [height, width], 2)
        a_w = torch.sigmoid(self.conv_w(of_columns.permute(0, 1, 3, 2)))
        return x * a_w * torch.sigmoid(self.conv_h(of_rows))


class SplAt(nn.Module):
    def __init__(self, channels, outputs, stride=1, groups=1, radix=2, floor=32, avd=False):
        super().__init__()
        hidden = max(channels * radix // 4, floor)
        self.radix, self.groups = radix, groups
        self.conv = nn.Conv2d(
            channels, outputs * radix, 3, 1 if avd else stride, 1, groups=groups * radix, bias=False
        )
        self.bn0 = nn.BatchNorm2d(outputs * radix)
        self.fc1 = nn.Conv2d(outputs, hidden, 1, groups=groups)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.fc2 = nn.Conv2d(hidden, outputs * radix, 1, groups=groups)
        self.down = nn.AvgPool2d(3, stride, 1) if avd and stride > 1 else nn.Identity()

    def forward(self, x):
        x = relu(self.bn0(self.conv(x)))
        splits = torch.split(x, x.shape[1] // self.radix, 1)
        attention = self.fc2(relu(self.bn1(self.fc1(mean(sum(splits))))))
        if self.radix == 1:
            attention = torch.sigmoid(attention)
        else:
            grouped = attention.view(len(x), self.groups, self.radix, -1).transpose(1, 2)
            attention = F.softmax(grouped, 1).reshape(len(x), -1, 1, 1)
        weights = torch.split(attention, x.shape[1] // self.radix, 1)
        return self.down(sum(w * u for w, u in zip(weights, splits)))


class GCT(nn.Module):
    """Table 6: the parts by name."""

    def __init__(self, channels, embedding="l2", normalization="l2", gate="tanh", epsilon=1e-5):
        super().__init__()
        for name in ["alpha", "gamma", "beta"]:
            setattr(self, name, nn.Parameter(torch.zeros(1, channels, 1, 1)))
        self.parts, self.epsilon = (embedding, normalization, gate), epsilon

    def forward(self, x):
        embedding, normalization, gate = self.parts
        if embedding == "l2":
            s = (x.pow(2).sum((2, 3), keepdim=True) + self.epsilon).sqrt()
        elif embedding == "l1":
            s = absolute(x).sum((2, 3), keepdim=True)
        else:
            s = maximum(absolute(x), "space")
        s = s * self.alpha
        if normalization == "l2":
            s = s / (s.pow(2).mean(1, keepdim=True) + self.epsilon).sqrt()
        elif normalization == "l1":
            s = s / (absolute(s).mean(1, keepdim=True) + self.epsilon)
        else:
            variance = s.var(1, unbiased=False, keepdim=True)
            s = (s - s.mean(1, keepdim=True)) / (variance + self.epsilon).sqrt()
        s = s * self.gamma + self.beta
        if gate == "elu":
            note(s.detach().abs())
        gates = {"tanh": 1 + torch.tanh(s), "sigmoid": torch.sigmoid(s), "elu": 1 + F.elu(s)}
        return x * gates[gate]


class ResNeSt(nn.Module):
    """Deep stem, average-pooled shortcuts, stride behind the attention; the authors' names."""

    class Unit(nn.Module):
        def __init__(self, channels, planes, stride):
            super().__init__()
            outputs = planes * 4
            self.conv1 = nn.Conv2d(channels, planes, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(planes)
            self.conv2 = SplAt(planes, planes, stride, avd=True)
            self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(outputs)
            if stride != 1 or channels != outputs:
                self.downsample = nn.Sequential(
                    nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                    nn.Conv2d(channels, outputs, 1, bias=False),
                    nn.BatchNorm2d(outputs),
                )

        def forward(self, x):
            y = self.bn3(self.conv3(self.conv2(relu(self.bn1(self.conv1(x))))))
            return relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))

    def __init__(self, depths, planes=64, stem=32, classes=10):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, stem, 3, 2, 1, bias=False),
            nn.BatchNorm2d(stem),
            ReLU(),
            nn.Conv2d(stem, stem, 3, 1, 1, bias=False),
            nn.BatchNorm2d(stem),
            ReLU(),
            nn.Conv2d(stem, stem * 2, 3, 1, 1, bias=False),
        )
        self.bn1 = nn.BatchNorm2d(stem * 2)
        channels, self.count = stem * 2, len(depths)
        for index, depth in enumerate(depths):
            wide, units = planes * 2**index, []
            for i in range(depth):
                units.append(self.Unit(channels, wide, 2 if index > 0 and i == 0 else 1))
                channels = wide * 4
            setattr(self, f"layer{index + 1}", nn.Sequential(*units))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = max_pool(relu(self.bn1(self.conv1(x))))
        for index in range(self.count):
            x = getattr(self, f"layer{index + 1}")(x)
        return self.fc(x.mean((2, 3)))


def run_block(seed, build, shape, frozen=False):
    model = load(build(), seed).train(not frozen)
    x = value(seed, "x", shape).requires_grad_()
    y = model(x)
    loss = (y * value(seed, "cotangent", list(y.shape))).sum()
    loss.backward()
    return {"loss": loss, **results_of(model, x, y)}


def run_network(seed, build, shape):
    model = load(build(), seed)
    x = value(seed, "x", shape).requires_grad_()
    y = model(x)
    loss = F.cross_entropy(y, labels_of(*y.shape))
    loss.backward()
    return {"loss": loss, **results_of(model, x, y)}


SMALL = [4, 16, 6, 5]
SQUARE = [4, 16, 7, 7]
BLOCKS = {
    "ge theta-minus, global": (lambda: GE(16, "theta-minus", 0), SMALL),
    "ge theta-minus, extent 2": (lambda: GE(16, "theta-minus", 2), SMALL),
    "ge theta-minus, extent 4": (lambda: GE(16, "theta-minus", 4), [2, 16, 9, 11]),
    "ge theta-minus, extent 8": (lambda: GE(16, "theta-minus", 8), [2, 8, 17, 10]),
    "ge theta, global": (lambda: GE(16, "theta", 0, 7), SQUARE),
    "ge theta, extent 2": (lambda: GE(16, "theta", 2), SMALL),
    "ge theta, extent 4": (lambda: GE(8, "theta", 4), [4, 8, 9, 11]),
    "ge theta-plus, global": (lambda: GE(16, "theta-plus", 0, 7), SQUARE),
    "ge theta-plus, extent 8": (lambda: GE(8, "theta-plus", 8), [4, 8, 17, 10]),
    "eca of 16": (lambda: ECA(16), SMALL),
    "eca of 256": (lambda: ECA(256), [2, 256, 3, 2]),
    "eca of 9 wide": (lambda: ECA(16, 9), SMALL),
    "cbam": (lambda: CBAM(16), SMALL),
    "cbam, frozen": (lambda: CBAM(16), SMALL, True),
    "cbam without places": (lambda: CBAM(16, spatial=False), SMALL),
    "cbam of kernel 3": (lambda: CBAM(16, kernel=3), SMALL),
    "bam": (lambda: BAM(16), [4, 16, 9, 8]),
    "bam, frozen": (lambda: BAM(16), [4, 16, 9, 8], True),
    "bam by addition": (lambda: BAM(16, combine="add"), [4, 16, 9, 8]),
    "srm": (lambda: SRM(16), SMALL),
    "srm, frozen": (lambda: SRM(16), SMALL, True),
    "gc": (lambda: GC(16), SMALL),
    "gc of means": (lambda: GC(16, pooling="mean"), SMALL),
    "gc by multiplication": (lambda: GC(16, fusion="mul"), SMALL),
    "fca at 7": (lambda: Fca(16, 7), SQUARE),
    "fca at 14": (lambda: Fca(32, 14), [2, 32, 14, 14]),
    "fca of a map of 9 by 8": (lambda: Fca(16, 7), [4, 16, 9, 8]),
    "fca of a map of 4 by 3": (lambda: Fca(16, 7), [4, 16, 4, 3]),
    "fca of 32 frequencies": (lambda: Fca(32, 7, 32), [4, 32, 7, 7]),
    "fca of 8 low frequencies": (lambda: Fca(16, 7, 8, low=True), [3, 16, 7, 7]),
    "fca of 12 channels": (lambda: Fca(12, 7, 4), [4, 12, 7, 7]),
    "simam": (lambda: SimAM(), SMALL),
    "simam, lambda 0.1": (lambda: SimAM(0.1), SMALL),
    "ca": (lambda: CA(16), SMALL),
    "ca, frozen": (lambda: CA(16), SMALL, True),
    "ca, wider": (lambda: CA(16, reduction=2, floor=4), SMALL),
    "splat": (lambda: SplAt(8, 8), [16, 8, 6, 5]),
    "splat, frozen": (lambda: SplAt(8, 8), [4, 8, 6, 5], True),
    "splat of 3, grouped, stride 2": (
        lambda: SplAt(24, 12, 2, groups=2, radix=3, floor=8),
        [4, 24, 7, 6],
    ),
    "splat of 1": (lambda: SplAt(8, 16, radix=1, floor=8), [4, 8, 6, 5]),
    "splat, pooled stride": (lambda: SplAt(8, 8, 2, floor=8, avd=True), [16, 8, 7, 6]),
    "gct, l1 embedding": (lambda: GCT(16, embedding="l1"), SMALL),
    "gct, l-infinity embedding": (lambda: GCT(16, embedding="linf"), SMALL),
    "gct, l1 normalization": (lambda: GCT(16, normalization="l1"), SMALL),
    "gct, mean and variance": (lambda: GCT(16, normalization="meanvar"), SMALL),
    "gct, sigmoid": (lambda: GCT(16, gate="sigmoid"), SMALL),
    "gct, 1 + elu": (lambda: GCT(16, gate="elu"), SMALL),
}
NETWORKS = {
    "resnest, an eighth as wide": (lambda: ResNeSt([1, 2, 1, 1], 8, 4), [8, 3, 32, 32]),
}

if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    FIXTURES.mkdir(exist_ok=True)
    record(
        "otherAttention.safetensors",
        {**runs_of(run_block, BLOCKS), **runs_of(run_network, NETWORKS)},
    )
