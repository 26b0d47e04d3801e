"""Images a second of PyTorch's eager training steps, for bench/compare.ts: the same networks, SGD
with momentum and weight decay, cross-entropy, one batch over and over.
Usage: python3 torch_train.py se-resnet20|se-resnet50 BATCH SIZE STEPS THREADS"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

name, batch, size, steps, threads = sys.argv[1], *map(int, sys.argv[2:6])
torch.set_num_threads(threads)
torch.manual_seed(0)
WARM_UP = 3


class SE(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = max(1, channels // 16)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        z = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(z))))


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.se, self.stride, self.extra = SE(outputs), stride, outputs - inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.se(self.bn2(self.conv2(y)))
        if self.stride > 1 or self.extra:
            half = self.extra // 2
            x = x[:, :, :: self.stride, :: self.stride]
            x = F.pad(x, (0, 0, 0, 0, half, self.extra - half))
        return F.relu(y + x, inplace=True)


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        width = outputs // 4
        self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, outputs, 1), nn.BatchNorm2d(outputs)
        self.se = SE(outputs)
        fits = stride == 1 and inputs == outputs
        self.downsample = None if fits else nn.Sequential(
            conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)
        )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.se(self.bn3(self.conv3(y)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


def stages(block, inputs, depths, widths):
    blocks = []
    for index, (depth, width) in enumerate(zip(depths, widths)):
        for i in range(depth):
            blocks.append(block(inputs, width, 2 if i == 0 and index > 0 else 1))
            inputs = width
    return blocks


if name == 'se-resnet20':
    classes, last = 10, 64
    stem = [conv(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    body = stages(Basic, 16, [3, 3, 3], [16, 32, 64])
else:
    classes, last = 1000, 2048
    stem = [conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    body = stages(Bottleneck, 64, [3, 4, 6, 3], [256, 512, 1024, 2048])
head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes)]
network = nn.Sequential(*stem, *body, *head)
optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
images = torch.randn(batch, 3, size, size)
labels = torch.arange(batch) % classes
seconds = []
for step in range(WARM_UP + steps):
    start = time.perf_counter()
    loss = F.cross_entropy(network(images), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    loss.item()
    if step >= WARM_UP:
        seconds.append(time.perf_counter() - start)
seconds.sort()
count = sum(p.numel() for p in network.parameters())
print(f'torch {torch.__version__}, {name}, {count} parameters, batch {batch}, {size}x{size}')
print(f'training: {batch / seconds[steps // 2]:.1f} images/s median, {batch / seconds[0]:.1f} best of {steps} steps')
