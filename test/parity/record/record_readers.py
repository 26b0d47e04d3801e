"""Records what other readers make of damaged files, for test/reliability/otherReaders.test.ts.

    python3 test/parity/record/record_readers.py     (needs torch 1.13 or newer, safetensors, onnx, Pillow)

A small good file a format, and changes of it that are drawn from a seed: bytes set, cut off, put in
and taken out, and for text in the file other numbers. Each is read in a process of its own, with
limits of time and memory. Recorded are the good file, the changes, and for each either the values
(float32) or the kind of the error.
"""

import base64
import gzip
import io
import json
import os
import pathlib
import random
import resource
import signal
import warnings

import numpy
import onnx
import safetensors.numpy
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

warnings.simplefilter("ignore")
FIXTURE = pathlib.Path(__file__).parent.parent / "fixtures" / "readers.json.gz"
CASES = 300
SECONDS = 5
BYTES = 8 << 30


def tensors():
    return {
        "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 2,
        "count": numpy.array([3, -4], dtype=numpy.int64),
        "half": numpy.array([1.5, -2, 0.25], dtype=numpy.float16),
    }


def checkpoint(legacy):
    file = io.BytesIO()
    state = {name: torch.from_numpy(value) for name, value in tensors().items()}
    state["column"] = torch.arange(6.0).reshape(2, 3).t()[0]
    torch.save({"state_dict": state}, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def model():
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 4, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2, 1, 1])
    weight = numpy.arange(54, dtype=numpy.float32).reshape(2, 3, 3, 3)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("GlobalAveragePool", ["r"], ["y"]),
        ],
        "graph",
        [x],
        [y],
        [numpy_helper.from_array(weight, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 8
    return made.SerializeToString()


def image(**options):
    draw = numpy.random.default_rng(7)
    smooth = draw.integers(0, 256, (4, 4, 3), dtype=numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(smooth).resize((16, 16), Image.BILINEAR).save(file, **options)
    return file.getvalue()


def of_arrays(named):
    return {
        name: [list(value.shape), base64.b64encode(value.astype("<f4").tobytes()).decode()]
        for name, value in named.items()
    }


def read_torch(data):
    found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)["state_dict"]
    return of_arrays({name: value.to(torch.float32).numpy() for name, value in found.items()})


def read_onnx(data):
    found = onnx.load_model_from_string(data)
    onnx.checker.check_model(found, full_check=True)
    return of_arrays({one.name: numpy_helper.to_array(one) for one in found.graph.initializer})


def read_image(data):
    found = Image.open(io.BytesIO(data), formats=["PNG", "JPEG"])
    pixels = numpy.asarray(found.convert("RGB"))
    return {"pixels": [list(pixels.shape), base64.b64encode(pixels.tobytes()).decode()]}


FORMATS = {
    "safetensors": (
        safetensors.numpy.save(tensors(), {"format": "pt"}),
        lambda data: of_arrays(safetensors.numpy.load(data)),
    ),
    "zip": (checkpoint(False), read_torch),
    "legacy": (checkpoint(True), read_torch),
    "onnx": (model(), read_onnx),
    "png": (image(format="PNG"), read_image),
    "jpeg": (image(format="JPEG", quality=80), read_image),
}

EDGES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x20, 0x22, 0x2C, 0x30, 0x39, 0x5B, 0x5D, 0x7B, 0x7D]


def changes(data, draw):
    """Lists of [at, bytes taken out, bytes put in their place]."""
    size = len(data)
    made = []
    for _ in range(draw.choice([1, 1, 1, 2])):
        at = draw.randrange(size)
        kind = draw.random()
        if kind < 0.35:
            made.append([at, 1, f"{data[at] ^ (1 << draw.randrange(8)):02x}"])
        elif kind < 0.65:
            made.append([at, 1, f"{draw.choice(EDGES):02x}"])
        elif kind < 0.75:
            made.append([at, size - at, ""])
        elif kind < 0.85:
            made.append([at, draw.randrange(1, 9), ""])
        else:
            made.append([at, 0, bytes(draw.choice(EDGES) for _ in range(draw.randrange(1, 9))).hex()])
    return made


def changed(data, made):
    for at, taken, given in made:
        data = data[:at] + bytes.fromhex(given) + data[at + taken :]
    return data


def apart(read, data):
    """What a reader says, in a process of its own."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(SECONDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            answer = read(data)
        except BaseException as error:
            answer = type(error).__name__
        with os.fdopen(sink, "w") as file:
            json.dump(answer, file)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else f"crash {status}"


def main():
    torch.set_num_threads(1)
    recorded = {}
    for name, (data, read) in FORMATS.items():
        draw = random.Random(name)
        cases = [[], *(changes(data, draw) for _ in range(CASES))]
        answers = [apart(read, changed(data, made)) for made in cases]
        refused = [answer for answer in answers if isinstance(answer, str)]
        recorded[name] = {
            "sample": base64.b64encode(data).decode(),
            "cases": list(zip(cases, answers)),
        }
        print(name, len(data), "bytes:", len(answers) - len(refused), "read,", len(refused), "refused;", sorted(set(refused)))
        assert not isinstance(answers[0], str), answers[0]
    FIXTURE.write_bytes(gzip.compress(json.dumps(recorded, separators=(",", ":")).encode(), mtime=0))


main()
