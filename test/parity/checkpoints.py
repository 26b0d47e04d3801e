"""Records small PyTorch checkpoints, for checkpoints.test.ts, in the zip format and the older stream.

    python3 test/parity/checkpoints.py        (needs PyTorch 1.6 or newer and torchvision)

One tiny ResNet (torchvision's own classes: one block a stage, 4 to 32 planes) under the names and
wrappers of each source of weights, its input and its logits; and tensors of every dtype and layout.
Weights are drawn from a seed; the files differ from run to run in nothing but their zip padding.
"""

import collections
import pathlib

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

FIXTURES = pathlib.Path(__file__).parent / "fixtures"


def save(value, name, legacy):
    torch.save(value, FIXTURES / name, _use_new_zipfile_serialization=not legacy)


def odd_tensors():
    base = torch.arange(24, dtype=torch.float32)
    return {
        "contiguous": base.reshape(2, 3, 4),
        "transposed": base.reshape(4, 6).t(),
        "offset": base[5:11],
        "strided": base[1::3],
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "double": torch.tensor([1.5, -2.0], dtype=torch.float64),
        "half": torch.tensor([1.5, -2.0, 65504.0], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "long": torch.tensor([-1, 2**40]),
        "int": torch.tensor([-1, 2**20], dtype=torch.int32),
        "short": torch.tensor([-300, 300], dtype=torch.int16),
        "char": torch.tensor([-3, 3], dtype=torch.int8),
        "byte": torch.tensor([3, 250], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "parameter": nn.Parameter(torch.tensor([3.0])),
    }


def main():
    for legacy in (False, True):
        kind = "legacy" if legacy else "zip"
        save({"epoch": 3, "best": 0.5, "arch": "odd", "done": [1, (2, None), True, 2**70],
              "state_dict": odd_tensors()}, f"odd-{kind}.pth", legacy)  # fmt: skip
        save(nn.Linear(2, 2), f"module-{kind}.pth", legacy)
    torch.manual_seed(0)
    network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=5)
    # torchvision's widths are fixed: each convolution is cut to a sixteenth.
    widths = {}
    for name, module in list(network.named_modules()):
        parent, _, own = name.rpartition(".")
        holder = network.get_submodule(parent) if parent else network
        if isinstance(module, nn.Conv2d):
            inputs = 3 if module.in_channels == 3 else module.in_channels // 16
            made = nn.Conv2d(inputs, module.out_channels // 16, module.kernel_size, module.stride,
                             module.padding, bias=False)  # fmt: skip
        elif isinstance(module, nn.BatchNorm2d):
            made = nn.BatchNorm2d(module.num_features // 16)
            nn.init.uniform_(made.weight, 0.5, 1.5)
            nn.init.uniform_(made.bias, -0.5, 0.5)
            made.running_mean.uniform_(-0.5, 0.5)
            made.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, nn.Linear):
            made = nn.Linear(module.in_features // 16, module.out_features)
        else:
            continue
        widths[name] = made
        setattr(holder, own, made)
    network.eval()
    images = torch.randn(2, 3, 32, 24)
    with torch.no_grad():
        logits = network(images)
    state = network.state_dict()
    parallel = collections.OrderedDict((f"module.{name}", value) for name, value in state.items())
    save(state, "tiny-zip.pth", False)
    save({"state_dict": parallel, "epoch": 90}, "tiny-legacy.pth", True)
    save({"images": images, "logits": logits}, "tiny-logits.pth", False)


main()
