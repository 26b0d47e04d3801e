"""Records what timm's own networks answer, for imports.ts, which starts this and reads it.

    python3 test/parity/imports.py FOLDER NAME     (needs timm, and a PyTorch that it runs on)

All weights and batch-norm statistics are random. Recorded are the state dict and, for two random
images, the logits in evaluation.
"""

import pathlib
import sys

import timm
import torch
from torch import nn


def main(folder, name):
    torch.manual_seed(0)
    network = timm.create_model(name, pretrained=False, num_classes=7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.uniform_(module.bias, -0.3, 0.3)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    size = 160 if "inception" in name else 64
    images = torch.randn(2, 3, size, size)
    with torch.no_grad():
        logits = network.eval()(images)
    torch.save(network.state_dict(), folder / "weights.pth")
    torch.save({"images": images, "logits": logits}, folder / "known.pth")


main(pathlib.Path(sys.argv[1]), sys.argv[2])
