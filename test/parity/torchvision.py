"""Records what torchvision's full-size networks compute, for torchvision.ts: too large to be stored.

    python3 test/parity/torchvision.py FOLDER [network ...]
    npx tsx test/parity/torchvision.ts FOLDER

For each network, with random weights and batch-norm statistics: its weights in both formats of
torch.save, pictures, labels, the logits in evaluation, and loss and gradients of one training step.
With --back FILE FOLDER network, loads weights that Excite exported into torchvision, strictly.

Where a ReLU stands within rounding of zero, float32 may take its other side, and gradients jump by
percents. So each network takes the first seed at which PyTorch's own float32 stays near its float64.
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
BATCH, SIZE = 8, 32
NEAR = 3e-4
SEEDS = 40


def build(name, seed):
    torch.manual_seed(seed)
    network = getattr(torchvision.models, name)(weights=None)
    for path, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            # The last of a branch is small, as in trained networks: else differences grow with depth.
            small = path.endswith("bn3")
            nn.init.uniform_(module.weight, 0.1 if small else 0.5, 0.3 if small else 1)
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


def draw(name):
    labels = torch.arange(BATCH) * 7
    for seed in range(SEEDS):
        network = build(name, seed)
        images = torch.randn(BATCH, 3, SIZE, SIZE)
        single = step(network, images, labels)
        double = step(build(name, seed).double(), images.double(), labels)
        far = {key: (single[key] - double[key]).norm() / double[key].norm() for key in double}
        print(name, "seed", seed, f"{max(far.values()):.1e}", flush=True)
        if max(far.values()) < NEAR:
            return build(name, seed), images, labels, double, far
    raise SystemExit(f"{name}: no seed of {SEEDS} keeps away from every kink")


def record(name, folder):
    network, images, labels, gradients, far = draw(name)
    torch.save(network.state_dict(), folder / f"{name}-zip.pth")
    parallel = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"state_dict": parallel}, folder / f"{name}-legacy.pth",
               _use_new_zipfile_serialization=False)  # fmt: skip
    network.eval()
    with torch.no_grad():
        logits = network(images)
    known = {"images": images, "labels": labels, "logits": logits, "loss": gradients.pop("loss")}
    for key, gradient in gradients.items():
        known[f"gradient.{key}"] = gradient
        known[f"rounding.{key}"] = far[key]
    torch.save(known, folder / f"{name}-known.pth")
    print(name, "recorded", flush=True)


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


def load_back(path, folder, name):
    state = read_safetensors(path)
    network = getattr(torchvision.models, name)(weights=None)
    print(network.load_state_dict(state, strict=True))
    original = torch.load(pathlib.Path(folder) / f"{name}-zip.pth")
    equal = all(torch.equal(state[key], original[key]) for key in state)
    print(f"{len(state)} tensors, bit for bit the original's: {equal}")


if sys.argv[1] == "--back":
    load_back(*sys.argv[2:])
else:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        record(name, folder)
