"""The dense layer kernel in C: a block of outputs at a time, their sums in registers.

The portable form needs two instructions per weight (load, multiply-add), because compilers for the
Cortex-M4F do not join floating-point loads. Its inner loop therefore has a second form, with the same
operations in the same order, that loads eight weights by one instruction.

Each form is written twice: for inputs in one piece (``dense``) and for inputs in several pieces, the
rows under a convolution's kernel (``window``).
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

MULTIPLE_LOAD_WIDTH = 16
"""Block width of the Cortex-M4F form: sums in s0-s15, the input in s16, weights in s24-s31."""

_CORTEX_M4F = "defined(__GNUC__) && defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && defined(__thumb2__)"


def dense_kernel(width: int) -> str:
    """Return the kernel for inputs in one piece that keeps ``width`` sums in registers."""
    return _both(width, _portable_dense(width), _multiple_load_dense)


def window_kernel(width: int) -> str:
    """Return the kernel for inputs in ``runs`` pieces, ``stride`` floats apart, that keeps ``width`` sums."""
    return _both(width, _portable_window(width), _multiple_load_window)


def _both(width: int, portable: str, multiple_load: Callable[[], str]) -> str:
    if width != MULTIPLE_LOAD_WIDTH:
        return portable
    return f"#if {_CORTEX_M4F}\n{multiple_load()}#else\n{portable}#endif\n"


def _signature(name: str, pieces: str = "") -> str:
    margin = " " * len(f"static void {name}(")
    return (
        f"static void {name}(const float *weight, const float *input, {pieces}size_t inputs,\n"
        f"{margin}float *output, size_t outputs) {{"
    )


_PIECES = "size_t runs, size_t stride, "


def _sums(width: int) -> tuple[str, str, str]:
    """Return how the sums start, take one input, and are stored."""
    outputs = range(width)
    start = "\n".join(f"    float y{n} = weight[{n}];" for n in outputs)
    steps = "\n".join(f"y{n} = multiply_add(weight[{n}], x, y{n});" for n in outputs)
    stores = "\n".join(f"    output[block + {n}U] = y{n};" for n in outputs)
    return start, steps, stores


def _portable_dense(width: int) -> str:
    start, steps, stores = _sums(width)
    return f"""/* output = weights input + bias, {width} outputs at a time so that their sums stay in registers. */
{_signature(f"dense_{width}")}
  for (size_t block = 0U; block < outputs; block += {width}U) {{
{start}
    weight += {width};
    for (size_t i = 0U; i < inputs; ++i) {{
      const float x = input[i];
{indent(steps, 6 * " ")}
      weight += {width};
    }}
{stores}
  }}
}}
"""


def _portable_window(width: int) -> str:
    start, steps, stores = _sums(width)
    return f"""/* The same for inputs in several runs, stride apart: the rows under a convolution's kernel. */
{_signature(f"window_{width}", _PIECES)}
  for (size_t block = 0U; block < outputs; block += {width}U) {{
{start}
    weight += {width};
    for (size_t run = 0U; run < runs; ++run) {{
      for (size_t i = 0U; i < inputs; ++i) {{
        const float x = input[run * stride + i];
{indent(steps, 8 * " ")}
        weight += {width};
      }}
    }}
{stores}
  }}
}}
"""


def _one_input() -> list[str]:
    lines = ["vldmia %[x]!, {s16}"]
    for half in (0, 8):
        lines.append("vldmia %[weight]!, {s24-s31}")
        lines += [f"vfma.f32 s{half + n}, s16, s{24 + n}" for n in range(8)]
    return lines


def _assembly(lines: list[str], outputs: str, inputs: str) -> str:
    text = "\n".join(f'                     "{line}\\n\\t"' for line in lines)
    clobbers = ", ".join(f'"s{n}"' for n in (*range(17), *range(24, 32)))
    return f"""    /* clang-format off */
    __asm__ volatile(
{text}
                     : [weight] "+&r"(weight), [x] "+&r"(x), [left] "+&r"(left), {outputs}
                     : {inputs}
                     : {clobbers},
                       "cc", "memory");
    /* clang-format on */
"""


def _multiple_load_dense() -> str:
    lines = ["vldmia %[weight]!, {s0-s15}", "1:", *_one_input(), "subs %[left], #1", "bne 1b"]
    lines.append("vstmia %[output]!, {s0-s15}")
    return f"""/* The kernel for the Cortex-M4F, whose compilers load weights one by one: this loads eight by one
   instruction. Sums are in s0-s15, the input in s16, weights in s24-s31. */
{_signature(f"dense_{MULTIPLE_LOAD_WIDTH}")}
  for (size_t block = 0U; block < outputs; block += {MULTIPLE_LOAD_WIDTH}U) {{
    const float *x = input;
    size_t left = inputs;
{_assembly(lines, '[output] "+&r"(output)', "")}  }}
}}
"""


def _multiple_load_window() -> str:
    lines = ["vldmia %[weight]!, {s0-s15}", "1:", "mov %[left], %[inputs]", "2:", *_one_input()]
    lines += ["subs %[left], #1", "bne 2b", "add %[x], %[x], %[skip]", "subs %[runs], #1", "bne 1b"]
    lines.append("vstmia %[output]!, {s0-s15}")
    return f"""/* The same for inputs in several runs, stride apart: the rows under a convolution's kernel. */
{_signature(f"window_{MULTIPLE_LOAD_WIDTH}", _PIECES)}
  const size_t skip = (stride - inputs) * sizeof(float);
  for (size_t block = 0U; block < outputs; block += {MULTIPLE_LOAD_WIDTH}U) {{
    const float *x = input;
    size_t left = inputs;
    size_t runs_left = runs;
{_assembly(lines, '[runs] "+&r"(runs_left), [output] "+&r"(output)', '[inputs] "r"(inputs), [skip] "r"(skip)')}  }}
}}
"""
