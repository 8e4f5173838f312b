"""The fast tanh and sigmoid against double precision over all of float32, with and without fused multiply-adds."""

import subprocess

import pytest

from firmware_export.onnx_to_c.statements import _KERNELS
from firmware_export.toolchain import STRICT_C99

STEP = 257
"""Of bit patterns; a prime, so that every part of the mantissa is met: 16.7 million floats."""

PROGRAM = """
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#ifdef FUSED
static float multiply_add(float a, float b, float c) {{ return (float)((double)a * b + c); }}
#else
static float multiply_add(float a, float b, float c) {{ return a * b + c; }}
#endif
{kernels}
static double right(float x) {{ return {right}; }}
int main(void) {{
  double worst = 0.0;
  float lowest = 1.0f, highest = -1.0f;
  unsigned long lost = 0, found = 0, count = 0;
  for (uint64_t bits = 0; bits < ((uint64_t)1 << 32); bits += {step}) {{
    const uint32_t pattern = (uint32_t)bits;
    float x, y;
    memcpy(&x, &pattern, sizeof x);
    y = {function}(x);
    ++count;
    if (x != x) {{
      lost += y == y;
      continue;
    }}
    found += y != y;
    if (fabs((double)y - right(x)) > worst) {{ worst = fabs((double)y - right(x)); }}
    if (y < lowest) {{ lowest = y; }}
    if (y > highest) {{ highest = y; }}
  }}
  printf("%lu %lu %lu %.9g %.9g %.9g %.9g %.9g\\n", count, lost, found, worst, (double)lowest, (double)highest,
         (double){function}(INFINITY), (double){function}(-INFINITY));
  return 0;
}}
"""
FUNCTIONS = {"fast_tanh": ("tanh(x)", 4e-7, -1.0), "sigmoid": ("1.0 / (1.0 + exp(-(double)x))", 2e-7, 0.0)}


def sweep(function, tmp_path, fused):
    kernels = "\n".join((_KERNELS / f"{name}.c").read_text() for name in ("fast_tanh", "sigmoid"))
    right, _, _ = FUNCTIONS[function]
    source = PROGRAM.format(kernels=kernels, right=right, function=function, step=STEP)
    (tmp_path / "sweep.c").write_text(source)
    flags = (
        [flag for flag in STRICT_C99 if flag not in ("-Werror", "-Wdouble-promotion")]
        + ["-O2", "-ffp-contract=off"]
        + ["-DFUSED"] * fused
    )
    subprocess.run(["gcc", *flags, "-Wno-unused-function", "sweep.c", "-lm", "-o", "sweep"], cwd=tmp_path, check=True)
    output = subprocess.run([tmp_path / "sweep"], check=True, capture_output=True, text=True, timeout=60).stdout
    return [float(field) for field in output.split()]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_error_range_ends_and_nan(function, fused, tmp_path):
    _, bound, floor = FUNCTIONS[function]
    count, lost, found, worst, lowest, highest, at_infinity, at_minus_infinity = sweep(function, tmp_path, fused)
    assert count > 16_000_000
    assert lost == 0, "NaN must come through"
    assert found == 0, "a number must stay one"
    assert 1e-8 < worst < bound
    assert (lowest, highest) == (floor, 1.0)
    assert (at_minus_infinity, at_infinity) == (floor, 1.0)
