"""The dense layer kernel in C: a block of outputs at a time, their sums in registers.

Each kernel has two forms with the same operations in the same order. The portable one is for every compiler.
The one for the Cortex-M4F and M7 is assembly, because their compilers load weights one by one, and a load of
twelve by one instruction costs 13 cycles instead of 24.

Of a block's outputs some are fused multiply-adds and some are a product and a sum. A fused one is one
instruction but three cycles on the Cortex-M4, the two others one cycle each (Arm, Cortex-M4 Technical Reference
Manual, table "FPU instruction set"): the mixture keeps a step short in both.

Each form is written twice: for inputs in one piece (``dense``) and for inputs in several pieces, the
rows under a convolution's kernel (``window``).
"""

from __future__ import annotations

from textwrap import indent

LARGEST_ASSEMBLY_WIDTH = 16
"""Sums in s0 to s15, inputs in s16 to s19, weights in s20 to s31."""
INPUTS_AT_ONCE = 4
WEIGHTS_AT_ONCE = 12
_FIRST_INPUT, _FIRST_WEIGHT = 16, 20
FUSED_SHARE = 4 / 16
"""Share of the outputs that are fused: as few as 30,000 instructions for the 146-64-64-4 network allow."""

_CORTEX_M = "defined(__GNUC__) && defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && defined(__thumb2__)"
_PIECES = "size_t runs, size_t stride, "


def dense_kernel(width: int) -> str:
    """Return the kernel for inputs in one piece that keeps ``width`` sums in registers."""
    assembly = _assembly_dense(width) if width <= LARGEST_ASSEMBLY_WIDTH else None
    return _both(_portable_dense(width), assembly)


def window_kernel(width: int) -> str:
    """Return the kernel for inputs in ``runs`` pieces, ``stride`` floats apart, that keeps ``width`` sums."""
    assembly = _assembly_window(width) if width <= LARGEST_ASSEMBLY_WIDTH else None
    return _both(_portable_window(width), assembly)


def fused_outputs(width: int) -> int:
    """Return how many outputs of a block, the first ones, are fused multiply-adds."""
    return int(width * FUSED_SHARE)


def _both(portable: str, assembly: str | None) -> str:
    return portable if assembly is None else f"#if {_CORTEX_M}\n{assembly}#else\n{portable}#endif\n"


def _signature(name: str, pieces: str = "") -> str:
    margin = " " * len(f"static void {name}(")
    return (
        f"static void {name}(const float *weight, const float *input, {pieces}size_t inputs,\n"
        f"{margin}float *output, size_t outputs) {{"
    )


def _sums(width: int) -> tuple[str, str, str]:
    """Return how the sums start, take one input, and are stored."""
    outputs, fused = range(width), fused_outputs(width)
    start = "\n".join(f"    float y{n} = weight[{n}];" for n in outputs)
    steps = [f"y{n} = multiply_add(weight[{n}], x, y{n});" for n in outputs[:fused]]
    steps += [f"y{n} += weight[{n}] * x;" for n in outputs[fused:]]
    stores = "\n".join(f"    output[block + {n}U] = y{n};" for n in outputs)
    return start, "\n".join(steps), stores


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


def _list(first: int, count: int) -> str:
    return f"{{s{first}}}" if count == 1 else f"{{s{first}-s{first + count - 1}}}"


def _take_inputs(width: int, inputs: int) -> list[str]:
    """Return the instructions that load some inputs and add their products to all sums."""
    lines = [f"vldmia %[x]!, {_list(_FIRST_INPUT, inputs)}"]
    products = [(source, output) for source in range(inputs) for output in range(width)]
    for start in range(0, len(products), WEIGHTS_AT_ONCE):
        part = products[start : start + WEIGHTS_AT_ONCE]
        lines += [f"vldmia %[weight]!, {_list(_FIRST_WEIGHT, len(part))}", *_multiply_adds(part, fused_outputs(width))]
    return lines


def _multiply_adds(products: list[tuple[int, int]], fused: int) -> list[str]:
    """Return first all products, so that no sum waits for the one right before it."""
    multiply, fuse, add = [], [], []
    for weight, (source, output) in enumerate(products, _FIRST_WEIGHT):
        if output < fused:
            fuse.append(f"vfma.f32 s{output}, s{weight}, s{_FIRST_INPUT + source}")
        else:
            multiply.append(f"vmul.f32 s{weight}, s{weight}, s{_FIRST_INPUT + source}")
            add.append(f"vadd.f32 s{output}, s{output}, s{weight}")
    return multiply + fuse + add


def _take_run(width: int) -> list[str]:
    """Return two loops over the inputs of one run: four at a time, then the rest."""
    return [
        "cmp %[fours], #0",
        "beq 2f",
        "1:",
        *_take_inputs(width, INPUTS_AT_ONCE),
        "subs %[fours], #1",
        "bne 1b",
        "2:",
        "cmp %[rest], #0",
        "beq 4f",
        "3:",
        *_take_inputs(width, 1),
        "subs %[rest], #1",
        "bne 3b",
        "4:",
    ]


def _assembly(lines: list[str], outputs: str, inputs: str) -> str:
    text = "\n".join(f'                     "{line}\\n\\t"' for line in lines)
    clobbers = ", ".join(f'"s{n}"' for n in range(32))
    return f"""    /* clang-format off */
    __asm__ volatile(
{text}
                     : [weight] "+&r"(weight), [x] "+&r"(x), [fours] "+&r"(fours), [rest] "+&r"(rest), {outputs}
                     : {inputs}
                     : {clobbers},
                       "cc", "memory");
    /* clang-format on */
"""


_COMMENT = f"""/* The kernel for the Cortex-M4F and M7: four inputs at a time, weights loaded {WEIGHTS_AT_ONCE} by one
   instruction, sums in s0 and up. The first sums are fused multiply-adds, one instruction of three cycles,
   the others a product and a sum, two of one cycle. */
"""


def _assembly_dense(width: int) -> str:
    lines = [f"vldmia %[weight]!, {_list(0, width)}", *_take_run(width), f"vstmia %[output]!, {_list(0, width)}"]
    return f"""{_COMMENT}{_signature(f"dense_{width}")}
  for (size_t block = 0U; block < outputs; block += {width}U) {{
    const float *x = input;
    size_t fours = inputs / {INPUTS_AT_ONCE}U;
    size_t rest = inputs % {INPUTS_AT_ONCE}U;
{_assembly(lines, '[output] "+&r"(output)', "")}  }}
}}
"""


def _assembly_window(width: int) -> str:
    lines = [f"vldmia %[weight]!, {_list(0, width)}", "5:"]
    lines += [f"lsr %[fours], %[inputs], #{INPUTS_AT_ONCE.bit_length() - 1}"]
    lines += [f"and %[rest], %[inputs], #{INPUTS_AT_ONCE - 1}"]
    lines += [*_take_run(width), "add %[x], %[x], %[skip]", "subs %[runs], #1", "bne 5b"]
    lines.append(f"vstmia %[output]!, {_list(0, width)}")
    return f"""/* The same for inputs in several runs, stride apart: the rows under a convolution's kernel. */
{_signature(f"window_{width}", _PIECES)}
  const size_t skip = (stride - inputs) * sizeof(float);
  for (size_t block = 0U; block < outputs; block += {width}U) {{
    const float *x = input;
    size_t fours = 0U;
    size_t rest = 0U;
    size_t runs_left = runs;
{_assembly(lines, '[runs] "+&r"(runs_left), [output] "+&r"(output)', '[inputs] "r"(inputs), [skip] "r"(skip)')}  }}
}}
"""
