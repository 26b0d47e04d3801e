"""Records what COCO's reference evaluator says of small cases, for cocoFigures.test.ts.

    python3 test/parity/record/record_coco.py        (needs pycocotools and numpy)

The cases of the fixture are evaluated again, and their twelve figures written anew. Where the fixture
has no case called `random`, six are drawn: boxes on a coarse grid, so that overlaps and scores tie
often and lie on thresholds, with crowds, areas of outlines, gaps in ids, and an object of id 0.
"""

import contextlib
import io
import json
import pathlib
import random

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FIXTURE = pathlib.Path(__file__).parent.parent / "fixtures" / "cocoFigures.json"


def draw(seed):
    r = random.Random(seed)
    images, categories = r.sample(range(1, 90), 6), sorted(r.sample(range(1, 40), 3))

    def box():
        x, y = 10 * r.randrange(12), 10 * r.randrange(12)
        return [x, y, 10 * r.randrange(1, 14), 10 * r.randrange(1, 14)]

    truths, found = [], []
    for n in range(30):
        b = box()
        crowd = int(r.random() < 0.15)
        one = {"id": 3 * n if seed % 2 else n + 1, "image_id": r.choice(images[:5]), "iscrowd": crowd,
               "category_id": r.choice(categories[:2] + categories), "bbox": b,
               "area": b[2] * b[3] * r.choice([0.4, 0.8, 1])}
        truths.append(one)
        for _ in range(r.randrange(4)):
            moved = [v + r.choice([0, 0, 1, 2, 5, -5]) for v in b]
            moved[2:] = [max(v, 1) for v in moved[2:]]
            found.append({"image_id": one["image_id"], "category_id": one["category_id"],
                          "bbox": moved, "score": r.randrange(1, 20) / 20})
    for _ in range(15):
        found.append({"image_id": r.choice(images), "category_id": r.choice(categories), "bbox": box(),
                      "score": r.randrange(1, 20) / 20})
    return {"images": images, "categories": categories, "truths": truths, "found": found}


def figures(case):
    coco = COCO()
    coco.dataset = {"info": {}, "images": [{"id": i} for i in case["images"]],
                    "categories": [{"id": i, "name": str(i)} for i in case["categories"]],
                    "annotations": [dict(t) for t in case["truths"]]}
    coco.createIndex()
    one = COCOeval(coco, coco.loadRes([dict(d) for d in case["found"]]), "bbox")
    one.evaluate()
    one.accumulate()
    one.summarize()
    return [float(v) for v in one.stats]


cases = json.loads(FIXTURE.read_text())
if "random1" not in cases:
    cases.update({f"random{seed}": draw(seed) for seed in range(1, 7)})
for case in cases.values():
    with contextlib.redirect_stdout(io.StringIO()):
        case["stats"] = figures(case)
FIXTURE.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
