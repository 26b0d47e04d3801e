"""Records what PyTorch computes with whole networks, for whole.ts, which starts this and reads it.

    python3 test/parity/whole.py record FOLDER NAME     (needs torchvision)
    python3 test/parity/whole.py check FOLDER NAME      what Excite wrote there, back in PyTorch

Networks of torchvision are its own; the papers' are the definitions of record.py, their weights
under the names of each source. All weights and batch-norm statistics are random. Recorded are the
state dict as zip, as the older stream (wrapped, with module.) and as safetensors; pictures, labels,
logits in evaluation; loss and gradients of one training step in float64.

Where a ReLU stands within rounding of zero, float32 may take its other side, and gradients jump by
percents. So biases are large beside what they are added to, and each network takes the first seed
that keeps all ReLUs MARGIN away from zero; in the deepest, branches end in positive biases.
"""

import json
import math
import pathlib
import re
import struct
import sys

import torch
import torchvision
from record import CAFFE, GCT, RESNET50, RESNEXT50, SE, SENET154, SK, Basic, ResNet
from torch import nn

MARGIN = 1e-6
SEEDS = 60
DTYPES = {"F32": torch.float32, "I64": torch.int64}


def of_torchvision(name, **options):
    return lambda: getattr(torchvision.models, name)(weights=None, **options)


def inception():
    network = torchvision.models.inception_v3(weights=None, init_weights=False)
    # Small pictures leave it nothing to see; its weights stay in the state dict.
    network.aux_logits = False
    network.AuxLogits.forward = lambda _: None
    return network


def resnet(**options):
    return lambda: ResNet(classes=1000, **options)


def basic_legacy():
    return ResNet(Basic, [2, 2, 2, 2], pooling="ceil", classes=1000,
                  se=lambda channels: SE(channels, rectify=True))  # fmt: skip


def pretrainedmodels(key):
    key = re.sub(r"^(conv1|bn1)\.", r"layer0.\1.", key)
    return re.sub(r"^fc\.", "last_linear.", key.replace(".se.", ".se_module."))


def pretrainedmodels_deep(key):
    places = {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2", "6": "conv3"}
    key = re.sub(r"^bn1\.", "layer0.bn3.", key)
    key = re.sub(r"^conv1\.(\d)\.", lambda match: f"layer0.{places[match[1]]}.", key)
    return re.sub(r"^fc\.", "last_linear.", key.replace(".se.", ".se_module."))


def timm_sk(key):
    key = re.sub(r"^(layer.*)\.conv(\d)\.weight$", r"\1.conv\2.conv.weight", key)
    return re.sub(r"^(layer.*)\.bn(\d)\.", r"\1.conv\2.bn.", key)


def split_sk(channels, outputs, stride, groups=1):
    return SK(channels, outputs, stride, groups, reduction=8, floor=16, split=True)


def senet_pytorch(key):
    return key.replace(".se.fc1.", ".se.fc.0.").replace(".se.fc2.", ".se.fc.2.")


def gct_authors(key):
    return re.sub(r"^(conv1|bn1)\.", r"stem.\1.", key)


def same(key):
    return key


# By source and name: how it is built, how its weights are called there, pictures and their size.
TORCHVISION = ["resnet18", "resnet50", "resnext50_32x4d", "vgg16_bn", "shufflenet_v2_x0_5",
               "shufflenet_v2_x1_0", "mobilenet_v3_small", "mobilenet_v3_large"]  # fmt: skip
NETWORKS = {
    **{f"torchvision/{name}": (of_torchvision(name), same, 8, 32) for name in TORCHVISION},
    "torchvision/efficientnet_b0": (
        of_torchvision("efficientnet_b0", stochastic_depth_prob=0.0), same, 8, 32),
    "torchvision/inception_v3": (inception, same, 4, 107),
    "timm/seresnet50": (resnet(**RESNET50, se=SE), same, 8, 32),
    "timm/senet154": (resnet(**{**SENET154, "pooling": "padded"}), same, 4, 64),
    "timm/skresnext50_32x4d": (resnet(**RESNEXT50, sk=SK), timm_sk, 8, 32),
    "timm/skresnet18": (
        resnet(unit=Basic, depths=[2, 2, 2, 2], sk=split_sk), timm_sk, 8, 32),
    "timm/legacy_seresnet18": (basic_legacy, pretrainedmodels, 8, 32),
    "pretrainedmodels/se_resnet50": (resnet(**RESNET50, **CAFFE, se=SE), pretrainedmodels, 8, 32),
    "pretrainedmodels/se_resnext50_32x4d": (
        resnet(**RESNEXT50, pooling="ceil", se=SE), pretrainedmodels, 8, 32),
    "pretrainedmodels/senet154": (resnet(**SENET154), pretrainedmodels_deep, 4, 64),
    "senet.pytorch/se_resnet50": (
        resnet(**RESNET50, se=lambda channels: SE(channels, bias=False)), senet_pytorch, 8, 32),
    "gct/gct_resnet50": (
        resnet(**RESNET50, stride_in="1x1", gct=lambda channels: GCT(channels)), gct_authors, 8, 32),
}  # fmt: skip


def build(make, seed):
    torch.manual_seed(seed)
    network = make()
    deep = hasattr(network, "layer3") and len(network.layer3) > 30
    for path, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.1, 0.3)
            signs = torch.randint(0, 2, module.bias.shape) * 2 - 1
            sign = 1 if deep and path.endswith("bn3") else signs
            module.bias.data = sign * torch.empty_like(module.bias).uniform_(0.4, 1)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, nn.Dropout):
            module.p = 0
        if isinstance(module, GCT):
            for parameter in [module.alpha, module.gamma, module.beta]:
                parameter.data += torch.empty_like(parameter).uniform_(-0.5, 0.5)
    return network


nearest = math.inf
original_relu = nn.functional.relu


def noting_relu(x, inplace=False):
    """Exact zeros are sums of what ReLUs have cut off: so they are in any precision."""
    global nearest
    distances = x.detach().abs()
    distances = distances[distances != 0]
    if distances.numel() > 0:
        nearest = min(nearest, distances.min().item())
    return original_relu(x, inplace)


nn.functional.relu = noting_relu


def step(network, images, labels, margin=0):
    """Loss and gradients; none where a ReLU is nearer to zero than the margin."""
    global nearest
    nearest = math.inf
    loss = nn.functional.cross_entropy(network.train()(images), labels)
    if nearest < margin:
        return None
    loss.backward()
    parameters = network.named_parameters()
    gradients = {key: value.grad for key, value in parameters if value.grad is not None}
    return {"loss": loss.detach(), **gradients}


def draw(make, count, size):
    labels = torch.arange(count) * 7
    for seed in range(SEEDS):
        torch.manual_seed(SEEDS + seed)
        images = torch.randn(count, 3, size, size)
        double = step(build(make, seed).double(), images.double(), labels, MARGIN)
        print(f"seed {seed}: a ReLU at {nearest:.1e}", file=sys.stderr, flush=True)
        if double:
            single = step(build(make, seed), images, labels)
            far = {key: (single[key] - double[key]).norm() / double[key].norm() for key in double}
            return build(make, seed), images, labels, double, far
    raise SystemExit(f"no seed of {SEEDS} keeps away from every kink")


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    names = {dtype: name for name, dtype in DTYPES.items()}
    for key, tensor in tensors.items():
        end = offset + tensor.numel() * tensor.element_size()
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                       "data_offsets": [offset, end]}  # fmt: skip
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.detach().contiguous().numpy().tobytes())


def read_safetensors(path):
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    return {
        key: torch.frombuffer(data, dtype=DTYPES[entry["dtype"]],
                              count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4,
                              offset=8 + length + entry["data_offsets"][0]).reshape(entry["shape"])
        for key, entry in header.items()
    }  # fmt: skip


def record(folder, name):
    make, rename, count, size = NETWORKS[name]
    network, images, labels, gradients, far = draw(make, count, size)
    own = network.state_dict()
    state = {rename(key): value for key, value in own.items()}
    if rename is senet_pytorch:  # Its layers are fully connected, without the axes of a convolution.
        state = {key: value.flatten(1) if ".se.fc." in key else value for key, value in state.items()}
    torch.save(state, folder / "zip.pth")
    torch.save({"epoch": 1, "state_dict": {f"module.{key}": value for key, value in state.items()}},
               folder / "legacy.pth", _use_new_zipfile_serialization=False)  # fmt: skip
    write_safetensors(folder / "plain.safetensors", state)
    torch.save(own, folder / "own.pth")
    network.eval()
    with torch.no_grad():
        logits = network.double()(images.double())
    known = {"images": images, "labels": labels, "logits": logits, "loss": gradients.pop("loss")}
    for key, gradient in gradients.items():
        known[f"gradient.{key}"] = gradient.float()
        known[f"rounding.{key}"] = far[key]
    torch.save(known, folder / "known.pth")


def check(folder, name):
    """What Excite wrote loads into the network; and its ONNX file is a valid one."""
    import onnx

    make = NETWORKS[name][0]
    state = read_safetensors(folder / "written.safetensors")
    original = torch.load(folder / "own.pth")
    network = make()
    # Inception-v3's auxiliary classifier is not written; all else loads strictly.
    auxiliary = [key for key in original if key.startswith("AuxLogits.")]
    missing, unexpected = network.load_state_dict(state, strict=not auxiliary)
    fits = set(missing) <= set(auxiliary) and not unexpected
    equal = all(torch.equal(state[key], original[key]) for key in state)
    onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    print(json.dumps({"loads": fits, "equal": equal, "onnx": True}))


if __name__ == "__main__":
    action, folder, name = sys.argv[1:]
    {"record": record, "check": check}[action](pathlib.Path(folder), name)
