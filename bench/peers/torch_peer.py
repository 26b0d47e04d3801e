"""PyTorch on the same cores: the networks of bench/rows.ts, trained eagerly (SGD with momentum and
weight decay, cross-entropy, one batch over and over) or answering, eagerly or frozen by TorchScript.
Weight names and shapes are ours, so the printed parameter count must be that of `excite summary`.
Usage: /usr/bin/python3 bench/peers/torch_peer.py '{"work": "train", "network": "se-resnet50", "mode":
"eager", "batch": 8, "size": 224, "threads": 2, "warmUp": 3, "seconds": 5, "least": 5}'"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class SE(nn.Module):
    """arXiv:1709.01507, equations 2 to 4, r = 16, with biases."""

    def __init__(self, channels):
        super().__init__()
        hidden = max(1, channels // 16)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        z = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(z))))


class SK(nn.Module):
    """arXiv:1903.06586, section 3.1: SK[2, 32, 16], the second kernel 3x3 with dilation 2."""

    def __init__(self, channels, outputs, stride, groups):
        super().__init__()
        features = max(outputs // 16, 32)
        self.paths = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, outputs, 3, stride, d, d, groups, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            )
            for d in (1, 2)
        )
        self.reduce = nn.Conv2d(outputs, features, 1, bias=False)
        self.bn = nn.BatchNorm2d(features)
        self.select = nn.Conv2d(features, 2 * outputs, 1, bias=False)

    def forward(self, x):
        u = torch.stack([path(x) for path in self.paths], 1)
        s = u.sum(1).mean((2, 3), keepdim=True)
        z = F.relu(self.bn(self.reduce(s)))
        a = self.select(z).view(x.shape[0], 2, -1, 1, 1).softmax(1)
        return (u * a).sum(1)


class GCT(nn.Module):
    """CVPR 2020, equations 2 to 5, the l2 form, epsilon added to the mean as the authors do."""

    def __init__(self, channels):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x):
        s = self.alpha * (x.pow(2).sum((2, 3), keepdim=True) + 1e-5).sqrt()
        norm = (s.pow(2).mean(1, keepdim=True) + 1e-5).sqrt()
        return x * (1 + torch.tanh(self.gamma * s / norm + self.beta))


def gated(inputs, outputs, kernel, stride=1):
    return nn.Sequential(GCT(inputs), conv(inputs, outputs, kernel, stride))


class Basic(nn.Module):
    """Two 3x3 convolutions; where shapes change, the shortcut skips pixels and adds zero channels."""

    def __init__(self, inputs, outputs, stride, attention):
        super().__init__()
        make = gated if attention == 'gct' else conv
        self.conv1, self.bn1 = make(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = make(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.se = SE(outputs) if attention == 'se' else nn.Identity()
        self.stride, self.extra = stride, outputs - inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.se(self.bn2(self.conv2(y)))
        if self.stride > 1 or self.extra > 0:
            half = self.extra // 2
            x = x[:, :, :: self.stride, :: self.stride]
            x = F.pad(x, (0, 0, 0, 0, half, self.extra - half))
        return F.relu(y + x, inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 (which strides), 1x1; SK takes the 3x3, of half the width a group of 32 (ResNeXt)."""

    def __init__(self, inputs, outputs, stride, attention):
        super().__init__()
        make = gated if attention == 'gct' else conv
        sk = attention == 'sk'
        width = outputs // 2 if sk else outputs // 4
        self.conv1, self.bn1 = make(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2 = (
            SK(width, width, stride, 32)
            if sk
            else nn.Sequential(
                make(width, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
            )
        )
        self.conv3, self.bn3 = make(width, outputs, 1), nn.BatchNorm2d(outputs)
        self.se = SE(outputs) if attention == 'se' else nn.Identity()
        fits = stride == 1 and inputs == outputs
        self.downsample = (
            nn.Identity()
            if fits
            else nn.Sequential(make(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
        )

    def forward(self, x):
        y = self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True))
        y = self.se(self.bn3(self.conv3(y)))
        return F.relu(y + self.downsample(x), inplace=True)


def stages(block, inputs, depths, widths, attention):
    blocks = []
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        for i in range(depth):
            blocks.append(block(inputs, width, 2 if i == 0 and stage > 0 else 1, attention))
            inputs = width
    return blocks


def cifar(attention):
    make = gated if attention == 'gct' else conv
    stem = [make(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    return stem, stages(Basic, 16, [3, 3, 3], [16, 32, 64], attention), 64, 10


def imagenet(attention):
    make = gated if attention == 'gct' else conv
    stem = [make(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    body = stages(Bottleneck, 64, [3, 4, 6, 3], [256, 512, 1024, 2048], attention)
    return stem, body, 2048, 1000


NETWORKS = {
    'resnet20': lambda: cifar(None),
    'se-resnet20': lambda: cifar('se'),
    'gct-resnet20': lambda: cifar('gct'),
    'resnet50': lambda: imagenet(None),
    'se-resnet50': lambda: imagenet('se'),
    'sknet50': lambda: imagenet('sk'),
    'gct-resnet50': lambda: imagenet('gct'),
}


def build(name):
    stem, body, last, classes = NETWORKS[name]()
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes)]
    return nn.Sequential(*stem, *body, *head), classes


def training(network, images, labels):
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def step():
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def inference(network, images, mode):
    network.eval()
    if mode == 'frozen':
        with torch.no_grad():
            network = torch.jit.optimize_for_inference(
                torch.jit.freeze(torch.jit.trace(network, images))
            )

    def answer():
        with torch.inference_mode():
            return network(images)

    return answer


def main(told):
    torch.set_num_threads(told['threads'])
    if 'device' in told:
        torch.set_default_device(told['device'])
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    network, classes = build(told['network'])
    parameters = sum(p.numel() for p in network.parameters())
    images = torch.randn(told['batch'], 3, told['size'], told['size'])
    labels = torch.arange(told['batch']) % classes
    once = (
        training(network, images, labels)
        if told['work'] == 'train'
        else inference(network, images, told['mode'])
    )
    for _ in range(told['warmUp']):
        once()
    seconds = []
    while len(seconds) < told['least'] or sum(seconds) < told['seconds']:
        start = time.perf_counter()
        once()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        'version': torch.__version__,
        'parameters': parameters,
        'seconds': seconds,
        'peakMemory': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


main(json.loads(sys.argv[1]))
