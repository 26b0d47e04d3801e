"""Records what networks answer under their makers' names, for imports.ts, which starts this and reads it.

    python3 test/parity/imports.py FOLDER NAME     (needs timm or torchvision)

Networks of timm are its own. Those of others are torchvision's, with the attention of
record/record_other_attention.py where the authors have it, under the names of their checkpoints.
All weights and batch-norm statistics are random. Recorded are the state dict and, for two random
images, the logits in evaluation.
"""

import functools
import pathlib
import re
import sys

import torch
from torch import nn

sys.path.append(str(pathlib.Path(__file__).parent / "record"))
CLASSES = 7


def of_torchvision(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None, num_classes=CLASSES)


def within(name, key, make):
    """An attention at the end of every block, before the sum."""
    network = of_torchvision(name)
    for stage, side in zip([network.layer1, network.layer2, network.layer3, network.layer4], [56, 28, 14, 7]):
        for block in stage:
            norm = getattr(block, "bn3", block.bn2)
            block.add_module(key, make(norm.num_features, side))
            norm.register_forward_hook(lambda _, __, x, block=block: getattr(block, key)(x))
    return network


@functools.cache
def basis(channels, side):
    from record_other_attention import Fca

    return Fca(channels, side).basis.float()


def fca(channels, side):
    from record_other_attention import Fca

    made = Fca(channels, 0, reduction=16)
    made.side = side
    made.basis = basis(channels, side)
    made.dct_layer = nn.Module()
    made.dct_layer.register_buffer("weight", made.basis)
    return made


def srm(channels, _):
    from record_other_attention import SRM

    return SRM(channels)


def simam(name):
    from record_other_attention import SimAM

    network = of_torchvision(name)
    for module in list(network.modules()):
        if hasattr(module, "conv2"):
            module.conv2 = nn.Sequential(module.conv2, SimAM())
    return network


def bam(name):
    from record_other_attention import BAM

    network = of_torchvision(name)
    for i, channels in enumerate([256, 512, 1024], 1):
        made = BAM(channels, reduction=16)
        network.add_module(f"bam{i}", made)
        getattr(network, f"layer{i}").register_forward_hook(lambda _, __, x, made=made: made(x))
    return network


class SELayer(nn.Module):
    """mmpretrain's: convolutions in modules of their own."""

    def __init__(self, channels, _):
        super().__init__()
        self.conv1, self.conv2 = nn.Module(), nn.Module()
        self.conv1.conv = nn.Conv2d(channels, channels // 16, 1)
        self.conv2.conv = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        gate = self.conv2.conv(torch.relu(self.conv1.conv(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


def openmmlab(key):
    return re.sub(r"^fc\.", "head.fc.", key) if key.startswith("fc.") else f"backbone.{key}"


def transformers(key):
    key = re.sub(r"^(conv|bn)1\.", lambda m: "resnet.embedder.embedder." + {"conv": "convolution.", "bn": "normalization."}[m[1]], key)
    key = re.sub(r"^layer(\d)\.(\d+)\.", lambda m: f"resnet.encoder.stages.{int(m[1]) - 1}.layers.{m[2]}.", key)
    key = re.sub(r"\.downsample\.0\.", ".shortcut.convolution.", key)
    key = re.sub(r"\.downsample\.1\.", ".shortcut.normalization.", key)
    key = re.sub(r"\.(conv|bn)(\d)\.", lambda m: f".layer.{int(m[2]) - 1}." + {"conv": "convolution.", "bn": "normalization."}[m[1]], key)
    return re.sub(r"^fc\.", "classifier.1.", key)


def plain(key):
    return key


OTHERS = {
    "fca/resnet50": (lambda: within("resnet50", "att", fca), plain, 224),
    "srm/resnet50": (lambda: within("resnet50", "rclb", srm), plain, 64),
    "simam/resnet18": (lambda: simam("resnet18"), plain, 64),
    "simam/resnet50": (lambda: simam("resnet50"), plain, 64),
    "bam/resnet50": (lambda: bam("resnet50"), plain, 64),
    "openmmlab/resnet50": (lambda: of_torchvision("resnet50"), openmmlab, 64),
    "openmmlab/se-resnet50": (lambda: within("resnet50", "se_layer", SELayer), openmmlab, 64),
    "transformers/resnet18": (lambda: of_torchvision("resnet18"), transformers, 64),
    "transformers/resnet50": (lambda: of_torchvision("resnet50"), transformers, 64),
}


def of_timm(name):
    import timm

    return timm.create_model(name, pretrained=False, num_classes=CLASSES)


def main(folder, name):
    torch.manual_seed(0)
    size = 160 if "inception" in name else 64
    make, rename = lambda: of_timm(name), plain
    if name in OTHERS:
        make, rename, size = OTHERS[name]
    network = make().float()
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.uniform_(module.bias, -0.3, 0.3)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
        if hasattr(module, "cfc"):
            nn.init.normal_(module.cfc)
    images = torch.randn(2, 3, size, size, dtype=torch.float32)
    with torch.no_grad():
        logits = network.eval()(images)
    torch.save({rename(key): tensor for key, tensor in network.state_dict().items()}, folder / "weights.pth")
    torch.save({"images": images, "logits": logits}, folder / "known.pth")


main(pathlib.Path(sys.argv[1]), sys.argv[2])
