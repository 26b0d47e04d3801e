"""Records where PyTorch says that a network looks, for maps.test.ts: Grad-CAM and input gradients.

    python3 test/parity/record/record_maps.py        (needs PyTorch 1.10 or newer, nothing else)

Grad-CAM as it is usually made in PyTorch: a forward hook keeps what a stage puts out, autograd its
gradient of the score of the class that the network says; weights are the gradient's means over
places, the map is relu of the weighted sum of channels (Selvaraju et al., equations 1 and 2). The
input gradient is the largest magnitude over colours. Both are divided by their maximum.

Networks, weights and digests are those of record.py; pixel i of the picture `name` is
floor((u + 1) / 2 * 256) with the u of that name, and the network sees (pixel / 255 - 0.5) / 0.25.
"""

import torch

from record import GCT, SE, Basic, ResNet, load, noise, note, record

SHAPE = [3, 16, 16]
PICTURES = ["first", "second"]


def pixels(seed, name):
    u = noise(seed, name, SHAPE[0] * SHAPE[1] * SHAPE[2])
    return ((u + 1) / 2 * 256).floor().reshape(1, *SHAPE)


def scaled(values):
    return values / values.max()


def look(model, x):
    kept = {}

    def keep(name):
        def hook(_module, _inputs, output):
            output.retain_grad()
            kept[name] = output

        return hook

    hooks = [getattr(model, s).register_forward_hook(keep(s)) for s in model.stages]
    scores = model(x)
    first, second = scores[0].detach().topk(2).values
    note(first - second)
    scores[0].max().backward()
    for hook in hooks:
        hook.remove()
    maps = {"predicted": scores[0].argmax()}
    for name, output in kept.items():
        weights = output.grad.mean((2, 3), keepdim=True)
        maps[name] = scaled((weights * output).sum(1).clamp(min=0))
    maps["gradient"] = scaled(x.grad.abs().amax(1))
    return maps


def run(seed, build):
    model = load(build(), seed).eval()
    results = {}
    for name in PICTURES:
        x = ((pixels(seed, name) / 255 - 0.5) / 0.25).requires_grad_()
        results.update({f"{name}/{key}": values for key, values in look(model, x).items()})
    return results


def small(**plan):
    return lambda: ResNet(Basic, [1, 1, 1], stem="cifar", shortcut="pad", **plan)


CASES = {
    "resnet8": small(),
    "se-resnet8": small(se=lambda channels: SE(channels)),
    "gct-resnet8": small(gct=lambda channels: GCT(channels)),
}

if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    record(
        "maps.safetensors",
        {name: lambda seed, build=build: run(seed, build) for name, build in CASES.items()},
    )
