"""A policy whose weights can be replaced at run time: all of them in one structure, passed by pointer.

``policy_image_t`` holds what another training of the same network brings: the bundle's id, every learned
table and the golden steps. Position tables, literals and the code itself are the *architecture*; its hash
says whether an image fits.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np

from firmware_export.onnx_to_c.emitter import (
    GENERATED,
    STEP,
    Body,
    Sizes,
    define_bytes,
    emit_header,
    join_sections,
    unformatted,
)
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.onnx_to_c.selftest import COMPARE, Excerpt, golden_tables, replay
from firmware_export.onnx_to_c.tables import c_type, elements
from policies.weights_image import ARCHITECTURE_SIZE, WeightsImage

_ALIGNMENT = 4
"""Every table begins on a word: the kernels load several weights at once."""


def emit_replaceable(
    body: Body, sizes: Sizes, bundle_id: str, layout: list[str], excerpt: Excerpt, contract: bytes
) -> tuple[dict[str, str], WeightsImage]:
    """Return the C files and the image of this policy's own weights.

    Args:
        body: written with ``replaceable``.
        sizes: lengths of the policy's arrays.
        bundle_id: 64 hexadecimal digits.
        layout: where the parts of arrays lie that are made of several tensors.
        excerpt: golden steps.
        contract: what the code around the policy takes for granted of it; part of the architecture.

    Raises:
        UnsupportedModelError: if there are no weights.
    """
    weights = _in_words(body.tables.learned)
    if not weights:
        raise UnsupportedModelError("the graph has no weights that could be replaced")
    golden = {name: array for name, (array, _) in golden_tables(excerpt, sizes).items()}
    structures = _structure("policy_weights_t", weights) + "\n" + _structure("policy_golden_t", golden)
    steps = len(excerpt.observation)
    architecture = _architecture(body, structures, sizes, b"%g" % excerpt.tolerance + contract)
    image = WeightsImage(architecture, bytes.fromhex(bundle_id) + _packed(weights) + _packed(golden))
    further = _declarations(structures, len(image.data), len(_packed(weights)), steps)
    files = {
        "policy.h": emit_header(sizes, bundle_id, layout, further),
        "policy.c": _source(body, weights, bundle_id, architecture),
        "policy_selftest.c": _selftest(golden, excerpt, sizes),
    }
    return files, image


def _in_words(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return floats as float32 and every table padded with zeros to whole words."""
    padded = {}
    for name, array in tables.items():
        stored = array.astype(np.float32) if c_type(array) == "float" else array.astype(c_type(array)[:-2])
        missing = -stored.nbytes % _ALIGNMENT // stored.itemsize
        padded[name] = np.concatenate([stored, np.zeros(missing, stored.dtype)])
    return padded


def _packed(tables: dict[str, np.ndarray]) -> bytes:
    """Return tables one after the other, little-endian, as the structure has them."""
    return b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in tables.values())


def _structure(name: str, tables: dict[str, np.ndarray]) -> str:
    fields = "".join(f"  {c_type(array)} {table}[{len(array)}];\n" for table, array in tables.items())
    return f"typedef struct {{\n{fields}}} {name};\n"


def _architecture(body: Body, structures: str, sizes: Sizes, contract: bytes) -> bytes:
    """Return the first bytes of the SHA-256 of everything but the weights, comments left out."""
    text = "\n".join([structures, body.tables.index_text(), body.helpers, body.declarations, body.statements])
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return hashlib.sha256(f"{sizes}\n{code}\n".encode() + contract).digest()[:ARCHITECTURE_SIZE]


def _declarations(structures: str, size: int, weights_size: int, steps: int) -> str:
    return f"""/* Weights and golden steps that others of the same network may replace while the robot stands
   still. Every table begins on a word; numbers are little-endian. */
#define POLICY_WEIGHTS_SIZE {weights_size}U
#define POLICY_IMAGE_SIZE {size}U
#define POLICY_GOLDEN_STEPS {steps}
#define POLICY_ARCHITECTURE_SIZE {ARCHITECTURE_SIZE}

{structures}
/* What is sent to a robot: whose weights they are, the weights, and how to prove them. */
typedef struct {{
  uint8_t bundle_id[32];
  policy_weights_t weights;
  policy_golden_t golden;
}} policy_image_t;

typedef char policy_image_has_its_size[(sizeof(policy_image_t) == POLICY_IMAGE_SIZE) ? 1 : -1];

/* Hash of everything but the weights: an image of another architecture would be nonsense. */
extern const uint8_t policy_architecture[POLICY_ARCHITECTURE_SIZE];

/* The weights this code was generated with. */
extern const policy_weights_t policy_flash_weights;

/* policy_step with other weights. */
{_STEP_WITH};

/* policy_self_test with other weights and their own golden steps; state is overwritten. A scale that
   is not above zero counts as a wrong value. */
int policy_self_test_with(const policy_weights_t *weights, const policy_golden_t *golden,
                          policy_state_t *state, policy_workspace_t *workspace,
                          float *largest_error);

"""


_STEP_WITH = """void policy_step_with(const policy_weights_t *weights,
                      const float observation[POLICY_OBSERVATION_SIZE], float reset,
                      policy_state_t *state, policy_workspace_t *workspace,
                      float action[POLICY_ACTION_SIZE])"""


def _values(declaration: str, tables: dict[str, np.ndarray]) -> str:
    return f"{declaration} = {{\n" + ",\n".join(elements(array) for array in tables.values()) + "};\n"


def _source(body: Body, weights: dict[str, np.ndarray], bundle_id: str, architecture: bytes) -> str:
    tables = _values("const policy_weights_t policy_flash_weights", weights)
    pointers = "".join(f"  const {c_type(w)} *const {name} = weights->{name};\n" for name, w in weights.items())
    positions = body.tables.index_text()
    return join_sections(
        GENERATED,
        '#include "policy.h"\n\n' + body.includes(tables),
        define_bytes("policy_bundle_id", bundle_id),
        define_bytes("policy_architecture", architecture.hex()),
        unformatted(positions + ("\n" if positions else "") + tables),
        body.helpers,
        _STEP_WITH + " {\n" + pointers + body.declarations + body.statements + "\n}",
        STEP + " {\n  policy_step_with(&policy_flash_weights, observation, reset, state, workspace, action);\n}",
    )


def _selftest(golden: dict[str, np.ndarray], excerpt: Excerpt, sizes: Sizes) -> str:
    scales = [("action", sizes.action)] + ([("state", sizes.state)] if sizes.state else [])
    guards = "".join(
        f"  wrong += not_above_zero(golden->{role}_scale, POLICY_{role.upper()}_SIZE);\n" for role, _ in scales
    )
    replayed = replay("state", sizes.state > 0, "golden->", "policy_step_with(weights, ")
    return f"""{GENERATED}
#include "policy.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define STEPS {len(excerpt.observation)}U
#define TOLERANCE {excerpt.tolerance:.0e}f

/* clang-format off */
{_values("static const policy_golden_t flash_golden", golden)}/* clang-format on */

{COMPARE}
/* With such a scale, everything would look right. */
static int not_above_zero(const float *scale, size_t count) {{
  int wrong = 0;
  for (size_t i = 0U; i < count; ++i) {{
    wrong += (scale[i] > 0.0f) ? 0 : 1;
  }}
  return wrong;
}}

int policy_self_test_with(const policy_weights_t *weights, const policy_golden_t *golden,
                          policy_state_t *state, policy_workspace_t *workspace,
                          float *largest_error) {{
  memset(state, 0, sizeof *state);
{replayed.replace("  return wrong;", guards + "  return wrong;")}}}

int policy_self_test(policy_workspace_t *workspace, float *largest_error) {{
  policy_state_t state;
  return policy_self_test_with(&policy_flash_weights, &flash_golden, &state, workspace, largest_error);
}}
"""
