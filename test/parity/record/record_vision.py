"""Records what torchvision's networks compute, for vision.test.ts: see record.py for the formula.

    python3 test/parity/record/record_vision.py        (needs torchvision 0.13 or newer)

Weights come from the formula under torchvision's names, so that equal logits mean equal names too.
Running statistics are used, dropout is off; 10 classes. VGG's classifier alone has 120 M weights:
of VGG only the features are recorded, and the pooling in front of the classifier by itself.

Where a ReLU is within rounding of its kink, gradients jump: as in record.py, each network takes the
first seed that keeps all of them MARGIN away (those that are modules; Inception's are functions).
"""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from record import FIXTURES, digest, labels_of, load, value, write_safetensors

NETWORKS = {
    "inception_v3": (
        lambda: models.inception_v3(num_classes=10, aux_logits=False, init_weights=False),
        107,
    ),
    **{
        name: (lambda name=name: getattr(models, name)(num_classes=10), 64)
        for name in [
            "resnet18",
            "resnext50_32x4d",
            "shufflenet_v2_x0_5",
            "shufflenet_v2_x1_0",
            "mobilenet_v3_small",
            "mobilenet_v3_large",
            "efficientnet_b0",
        ]
    },
}


MARGIN = 2e-6


def run(network, size):
    for seed in range(100):
        model, nearest = load(network(), seed).eval(), [1.0]

        def note(_, inputs):
            nearest[0] = min(nearest[0], inputs[0].detach().abs().min().item())

        for module in model.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_pre_hook(note)
        results = run_seed(model, seed, size)
        if nearest[0] >= MARGIN:
            return str(seed), results
    raise SystemExit(f"no seed keeps {MARGIN} from every kink")


def run_seed(model, seed, size):
    x = value(seed, "x", [2, 3, size, size]).requires_grad_()
    y = model(x)
    loss = F.cross_entropy(y, labels_of(*y.shape))
    loss.backward()
    first = next(name for name, _ in model.named_parameters())
    gradient = dict(model.named_parameters())[first].grad
    return {"y": y, "loss": loss, "gradient/x": x.grad, f"gradient/{first}": gradient}


def run_features():
    model = load(models.vgg16_bn().features, 0).eval()
    return {"y": model(value(0, "x", [2, 3, 64, 64]))}


def run_pools():
    pools = {}
    for height, width in [(7, 7), (1, 1), (2, 3), (14, 7), (10, 8)]:
        x = value(0, "x", [2, 3, height, width])
        pools[f"adaptive pool/{height}x{width}"] = nn.AdaptiveAvgPool2d(7)(x)
    return pools


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    seeds = {}
    results = {"vgg16_bn features/y": run_features()["y"], **run_pools()}
    for name, case in NETWORKS.items():
        seeds[name], recorded = run(*case)
        results |= {f"{name}/{key}": tensor for key, tensor in recorded.items()}
        print(f"{name}: seed {seeds[name]}")
    tensors = {name: digest(tensor) for name, tensor in results.items()}
    write_safetensors(FIXTURES / "vision.safetensors", tensors, seeds)
