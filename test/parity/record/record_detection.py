"""Records a small Faster R-CNN of torchvision 0.14: detections, losses and gradients, by formula.

Weights, images and samples come from formulas that test/parity/tinyDetector.ts has, too; the sampler
takes the first of all candidates. Writes ../fixtures/detection.json.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torchvision
from torchvision.models import resnet
from torchvision.models.detection import FasterRCNN, _utils
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.misc import FrozenBatchNorm2d

torch.set_num_threads(1)
GAINS = {
    "rpn.head.cls_logits.weight": 3.0,
    "rpn.head.bbox_pred.weight": 0.15,
    "roi_heads.box_predictor.cls_score.weight": 4.0,
    "roi_heads.box_predictor.bbox_pred.weight": 2.0,
}
BOXES = [
    [[10.0, 12.0, 60.0, 70.0], [70.0, 20.0, 110.0, 44.0], [5.5, 60.25, 30.0, 88.75]],
    [[20.0, 8.0, 52.0, 80.0], [58.0, 50.0, 90.0, 90.0]],
    [],
]
LABELS = [[1, 2, 4], [3, 1], []]
SIZES = [(90, 120), (100, 96), (64, 128)]


class First(_utils.BalancedPositiveNegativeSampler):
    """As many as the reference sampler takes, without its shuffle."""

    def __call__(self, labels):
        masks = [], []
        for own in labels:
            positive, negative = torch.where(own >= 1)[0], torch.where(own == 0)[0]
            most = min(len(positive), int(self.batch_size_per_image * self.positive_fraction))
            for kind, indices in zip(masks, (positive[:most], negative[: self.batch_size_per_image - most])):
                kind.append(torch.zeros_like(own, dtype=torch.uint8))
                kind[-1][indices] = 1
        return masks


class Tiny(resnet.ResNet):
    """One bottleneck a stage."""

    def __init__(self):
        torch.nn.Module.__init__(self)
        self._norm_layer = FrozenBatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = 16, 1, 1, 64
        self.conv1 = torch.nn.Conv2d(3, 16, 7, 2, 3, bias=False)
        self.bn1 = FrozenBatchNorm2d(16)
        self.relu = torch.nn.ReLU(inplace=True)
        self.maxpool = torch.nn.MaxPool2d(3, 2, 1)
        for stage in range(4):
            layer = self._make_layer(resnet.Bottleneck, 8 * 2**stage, 1, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", layer)


def fill(model):
    state = model.state_dict()
    for k, (name, tensor) in enumerate(state.items()):
        j = np.arange(tensor.numel(), dtype=np.float64)
        s = np.sin(j * 12.9898 + k * 78.233 + 0.5) * 43758.5453
        u = (s - np.floor(s)) * 2.0 - 1.0
        tail = name.rsplit(".", 1)[1]
        if tensor.dim() > 1:
            v = u * math.sqrt(3.0) * GAINS.get(name, 1.0) / math.sqrt(np.prod(tensor.shape[1:]))
        elif name[: -len(tail)] + "running_mean" not in state:
            v = 0.05 * u
        else:
            v = {"weight": 1 + 0.2 * u, "running_var": 1 + 0.3 * u}.get(tail, 0.1 * u)
        tensor.copy_(torch.from_numpy(v.reshape(tuple(tensor.shape))).float())


def image(i, height, width):
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    out = np.stack([
        0.5 + 0.25 * np.sin(0.11 * x + 0.7 * c + i) + 0.25 * np.cos(0.07 * y - 0.3 * c + 2 * i)
        for c in range(3)
    ])
    for (x1, y1, x2, y2), change in zip(BOXES[i], (0.2, -0.2)):
        out[:, int(y1) : int(y2), int(x1) : int(x2)] += change
    return torch.from_numpy(np.clip(out, 0.0, 1.0)).float()


body = Tiny()
for name, parameter in body.named_parameters():
    parameter.requires_grad_(not name.startswith(("conv1", "layer1")))
model = FasterRCNN(
    BackboneWithFPN(body, {f"layer{i + 1}": str(i) for i in range(4)}, [32, 64, 128, 256], 16),
    None,
    min_size=96,
    max_size=160,
    rpn_anchor_generator=AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), ((0.5, 1.0, 2.0),) * 5),
    box_roi_pool=MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2, canonical_scale=32),
    box_head=TwoMLPHead(16 * 7 * 7, 32),
    box_predictor=FastRCNNPredictor(32, 5),
    rpn_pre_nms_top_n_train=30,
    rpn_pre_nms_top_n_test=24,
    rpn_post_nms_top_n_train=100,
    rpn_post_nms_top_n_test=80,
    rpn_batch_size_per_image=32,
    box_batch_size_per_image=16,
    box_fg_iou_thresh=0.3,
    box_bg_iou_thresh=0.3,
    box_detections_per_img=10,
)
with torch.no_grad():
    fill(model)
for part in (model.rpn, model.roi_heads):
    sampler = part.fg_bg_sampler
    part.fg_bg_sampler = First(sampler.batch_size_per_image, sampler.positive_fraction)

images = [image(i, *size) for i, size in enumerate(SIZES)]
targets = [
    {"boxes": torch.tensor(b).reshape(-1, 4), "labels": torch.tensor(l, dtype=torch.int64)}
    for b, l in zip(BOXES, LABELS)
]
model.eval()
with torch.no_grad():
    found = model(images)
model.train()
losses = model(images, targets)
sum(losses.values()).backward()


def rounded(tensor, digits):
    return [round(float(x), digits) for x in tensor.detach().reshape(-1)]


recorded = {
    "torchvision": torchvision.__version__,
    "detections": [
        {"boxes": rounded(d["boxes"], 4), "scores": rounded(d["scores"], 6), "labels": d["labels"].tolist()}
        for d in found
    ],
    "losses": {name: round(float(loss), 8) for name, loss in losses.items()},
    "gradients": {
        name: round(float(p.grad.double().abs().sum()), 6)
        for name, p in model.named_parameters()
        if p.grad is not None
    },
}
path = pathlib.Path(__file__).parent.parent / "fixtures" / "detection.json"
path.write_text(json.dumps(recorded, indent=1) + "\n")
