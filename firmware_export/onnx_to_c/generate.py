"""The whole translation: read, fuse, place, emit."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_export.onnx_to_c.emitter import Sizes, buffer_names, emit_header, emit_source, sizes_of, write_body
from firmware_export.onnx_to_c.fuse import fuse, remove_unused
from firmware_export.onnx_to_c.memory import WidestStep, widest_step
from firmware_export.onnx_to_c.planner import place_outputs, plan
from firmware_export.onnx_to_c.quantize import Samples, quantize
from firmware_export.onnx_to_c.quantized import MOST_BITS
from firmware_export.onnx_to_c.reader import read_quietly
from firmware_export.onnx_to_c.replaceable import emit_replaceable
from firmware_export.onnx_to_c.selftest import Excerpt, emit_selftest
from policies.weights_image import WeightsImage

NO_BUNDLE = "0" * 64
"""The bundle id of code that belongs to no bundle."""


@dataclass(frozen=True)
class GeneratedPolicy:
    """The C files of a policy, by name, and the lengths of its arrays."""

    files: dict[str, str]
    sizes: Sizes
    weights: WeightsImage | None = None
    """Its weights as others of the same network would be sent to a robot; of replaceable ones only."""
    constant_bytes: int = 0
    """Of all its tables: weights, and positions that are no arithmetic."""
    widest: WidestStep | None = None
    """Who holds the workspace at its peak; ``None`` without a workspace."""


def generate(
    model: bytes,
    bundle_id: str = NO_BUNDLE,
    excerpt: Excerpt | None = None,
    *,
    contract: bytes | None = None,
    samples: Samples | None = None,
    most_bits: int = MOST_BITS,
) -> GeneratedPolicy:
    """Translate a serialised ONNX policy into C99.

    Args:
        model: the ONNX file's content (see ``reader.read_program`` for what it must be).
        bundle_id: 64 hexadecimal digits that the code carries.
        excerpt: golden steps for ``policy_selftest.c``; without it that file is not made.
        contract: makes the weights replaceable at run time (``replaceable.py``), which needs an excerpt; says
            what the code around the policy takes for granted of it.
        samples: recorded steps; makes dense, recurrent and convolution layers int8 (``quantize.py``).
        most_bits: of the inputs of int8 layers.

    Raises:
        UnsupportedModelError: if the graph cannot be translated; the message names the node.
    """
    program = read_quietly(model)
    fuse(program)
    place_outputs(program)
    remove_unused(program)
    if samples is not None:
        quantize(program, samples, most_bits, replaceable=contract is not None)
    placement = plan(program)
    sizes = sizes_of(program, placement)
    body = write_body(program, placement, replaceable=contract is not None)
    costs = (body.tables.size_bytes, widest_step(program, placement, buffer_names(program)))
    if contract is not None:
        assert excerpt is not None
        files, weights = emit_replaceable(body, sizes, bundle_id, program.layout, excerpt, contract)
        return GeneratedPolicy(files, sizes, weights, *costs)
    files = {
        "policy.h": emit_header(sizes, bundle_id, program.layout),
        "policy.c": emit_source(body, bundle_id),
    }
    if excerpt is not None:
        files["policy_selftest.c"] = emit_selftest(excerpt, sizes)
    return GeneratedPolicy(files, sizes, None, *costs)
