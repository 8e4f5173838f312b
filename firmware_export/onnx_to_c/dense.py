"""The dense layer kernel in C: a block of outputs at a time, their sums in registers.

The portable form needs two instructions per weight (load, multiply-add), because compilers for the
Cortex-M4F do not join floating-point loads. Its inner loop therefore has a second form, with the same
operations in the same order, that loads eight weights by one instruction.
"""

from __future__ import annotations

MULTIPLE_LOAD_WIDTH = 16
"""Block width of the Cortex-M4F form: sums in s0-s15, the input in s16, weights in s24-s31."""

_CORTEX_M4F = "defined(__GNUC__) && defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && defined(__thumb2__)"


def dense_kernel(width: int) -> str:
    """Return a dense layer kernel that keeps ``width`` sums in registers."""
    portable = _portable(width)
    if width != MULTIPLE_LOAD_WIDTH:
        return portable
    return f"#if {_CORTEX_M4F}\n{_multiple_load()}#else\n{portable}#endif\n"


def _signature(width: int) -> str:
    indent = " " * len(f"static void dense_{width}(")
    return (
        f"static void dense_{width}(const float *weight, const float *input, size_t inputs, float *output,\n"
        f"{indent}size_t outputs) {{"
    )


def _portable(width: int) -> str:
    outputs = range(width)
    start = "\n".join(f"    float y{n} = weight[{n}];" for n in outputs)
    steps = "\n".join(f"      y{n} = multiply_add(weight[{n}], x, y{n});" for n in outputs)
    stores = "\n".join(f"    output[block + {n}U] = y{n};" for n in outputs)
    return f"""/* output = weights input + bias, {width} outputs at a time so that their sums stay in registers. */
{_signature(width)}
  for (size_t block = 0U; block < outputs; block += {width}U) {{
{start}
    weight += {width};
    for (size_t i = 0U; i < inputs; ++i) {{
      const float x = input[i];
{steps}
      weight += {width};
    }}
{stores}
  }}
}}
"""


def _multiple_load() -> str:
    lines = ["vldmia %[weight]!, {s0-s15}", "1:", "vldmia %[x]!, {s16}"]
    for half in (0, 8):
        lines.append("vldmia %[weight]!, {s24-s31}")
        lines += [f"vfma.f32 s{half + n}, s16, s{24 + n}" for n in range(8)]
    lines += ["subs %[left], #1", "bne 1b", "vstmia %[output]!, {s0-s15}"]
    text = "\n".join(f'                     "{line}\\n\\t"' for line in lines)
    registers = [f"s{n}" for n in (*range(17), *range(24, 32))]
    clobbers = ", ".join(f'"{name}"' for name in registers)
    return f"""/* The kernel for the Cortex-M4F, whose compilers load weights one by one: this loads eight by one
   instruction. Sums are in s0-s15, the input in s16, weights in s24-s31. */
{_signature(MULTIPLE_LOAD_WIDTH)}
  for (size_t block = 0U; block < outputs; block += {MULTIPLE_LOAD_WIDTH}U) {{
    const float *x = input;
    size_t left = inputs;
    /* clang-format off */
    __asm__ volatile(
{text}
                     : [weight] "+r"(weight), [x] "+r"(x), [left] "+r"(left), [output] "+r"(output)
                     :
                     : {clobbers},
                       "cc", "memory");
    /* clang-format on */
  }}
}}
"""
