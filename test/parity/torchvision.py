"""Records what torchvision's full-size networks compute, for torchvision.ts: too large to be stored.

    python3 test/parity/torchvision.py FOLDER [network ...]
    npx tsx test/parity/torchvision.ts FOLDER

For each network, with random weights and batch-norm statistics: its weights in both formats of
torch.save, pictures, labels, the logits in evaluation, and loss and gradients of one training step.
With --back FILE network, loads weights that Excite exported into torchvision, strictly.
"""

import json
import pathlib
import struct
import sys

sys.path.pop(0)  # This folder, where torchvision would be this very file.

import torch
import torchvision
from torch import nn

NETWORKS = ["resnet18", "resnet50", "resnext50_32x4d"]
BATCH, SIZE = 4, 96


def build(name):
    torch.manual_seed(len(name))
    network = getattr(torchvision.models, name)(weights=None)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return network


def step(network, images, labels):
    network.train().zero_grad()
    loss = nn.functional.cross_entropy(network(images), labels)
    loss.backward()
    gradients = {key: value.grad.clone() for key, value in network.named_parameters()}
    return {"loss": loss.detach(), **gradients}


def record(name, folder):
    network = build(name)
    torch.save(network.state_dict(), folder / f"{name}-zip.pth")
    parallel = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"state_dict": parallel}, folder / f"{name}-legacy.pth",
               _use_new_zipfile_serialization=False)  # fmt: skip
    images = torch.randn(BATCH, 3, SIZE, SIZE)
    labels = torch.arange(BATCH) * 7
    network.eval()
    with torch.no_grad():
        logits = network(images)
    # The step in float64: what differs from it is rounding of the other side alone. Where a ReLU
    # stands within rounding of zero, float32 may take its other side, and gradients jump: how far
    # PyTorch's own float32 is from its float64 says how much of that there is.
    single = step(network, images, labels)
    network.double()
    double = step(network, images.double(), labels)
    known = {"images": images, "labels": labels, "logits": logits, "loss": double.pop("loss")}
    for key, gradient in double.items():
        known[f"gradient.{key}"] = gradient
        known[f"rounding.{key}"] = (single[key] - gradient).norm() / gradient.norm()
    torch.save(known, folder / f"{name}-known.pth")
    print(name, "recorded")


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    body = bytearray(data[8 + length :])
    return {
        name: torch.frombuffer(body, dtype=torch.float32, offset=entry["data_offsets"][0],
                               count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4)
        .reshape(entry["shape"]).clone()
        for name, entry in header.items()
    }  # fmt: skip


def load_back(path, name):
    state = read_safetensors(path)
    network = getattr(torchvision.models, name)(weights=None)
    print(network.load_state_dict(state, strict=True))
    original = build(name).state_dict()
    equal = all(torch.equal(state[key], original[key]) for key in state)
    print(f"{len(state)} tensors, bit for bit the original's: {equal}")


if sys.argv[1] == "--back":
    load_back(*sys.argv[2:])
else:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        record(name, folder)
