"""Records PyTorch's normalizations of one formula's numbers, in float64, for norms.test.ts.

    python3 test/parity/record/record_norms.py > test/parity/fixtures/norms.json        (needs torch)
"""

import json

import torch
from torch import nn

SHAPE = (2, 8, 1, 3)


def formula(count, step, of):
    return of(torch.arange(count, dtype=torch.float64) * step)


def record(module):
    module = module.double()
    x = (2 * formula(48, 1.7, torch.sin) + 0.3).reshape(SHAPE).requires_grad_()
    if getattr(module, "weight", None) is not None:
        with torch.no_grad():
            module.weight.copy_(formula(8, 0.6, torch.sin) + 1)
            module.bias.copy_(formula(8, 0.8, torch.cos))
    y = module(x)
    y.backward(formula(48, 0.9, torch.cos).reshape(SHAPE))
    found = {"y": y, "x": x.grad}
    for name, parameter in module.named_parameters():
        found[name] = parameter.grad
    return {name: [float(f"{v:.9g}") for v in values.flatten().tolist()] for name, values in found.items()}


print(json.dumps({
    "group of 4": record(nn.GroupNorm(4, 8)),
    "layer": record(nn.GroupNorm(1, 8)),
    "instance": record(nn.InstanceNorm2d(8)),
    "lrn of 5": record(nn.LocalResponseNorm(5, 0.1, 0.75, 2.0)),
    "lrn of 2": record(nn.LocalResponseNorm(2, 1.0, 0.75, 1.0)),
}))
