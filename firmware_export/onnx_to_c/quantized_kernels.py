"""C of the int8 layers: quantize the inputs, sum in integers, scale the sums.

Everything has a portable form and one for processors with the Cortex-M4's dual multiply-accumulate; both give the
same bits: sums are exact integers and rounding is to the nearest, to even where two are equally near, in both.
"""

from __future__ import annotations

_HAS_DSP = "defined(__GNUC__) && defined(__thumb2__) && defined(__ARM_FEATURE_DSP)"
_DSP = f"{_HAS_DSP} && defined(__OPTIMIZE__)"
"""Without optimization a compiler runs out of registers for the inner loop."""
_DSP_AND_FLOAT = f"{_HAS_DSP} && defined(__ARM_FEATURE_FMA) && defined(__ARM_FP)"
_UNROLLED = 4
"""Groups of inputs per turn of the inner loop."""


def quantize_kernel(bits: int, *, each: bool) -> str:
    """Return the function that quantizes the inputs of a layer.

    Args:
        bits: of the results.
        each: a scale for every input, else one for all.
    """
    name, scale = (f"quantize_each_{bits}", "scale[i]") if each else (f"quantize_{bits}", "scale[0]")
    margin = " " * len(f"static float {name}(")
    return f"""/* Express inputs in steps, zeros after them up to filled. Return 0, or NaN if one is not a finite
   number: the layer's results must show it. */
static float {name}(const float *input, const float *scale, size_t count, size_t filled,
{margin}int16_t *steps) {{
  float poison = 0.0f;
  size_t i = 0U;
#if {_DSP_AND_FLOAT}
  if (count >= 4U) {{
    const float *x = input;
    const float *factor = scale;
    int16_t *y = steps;
    i = count - count % 4U;
    size_t left = i;
{_quantize_assembly(bits, each)}  }}
#endif
  for (; i < count; ++i) {{
    poison = multiply_add(input[i], 0.0f, poison);
    steps[i] = to_steps_{bits}(input[i] * {scale});
  }}
  for (; i < filled; ++i) {{
    steps[i] = 0;
  }}
  return poison;
}}
"""


def _quantize_assembly(bits: int, each: bool) -> str:
    """Four inputs at a time: in s0-s3, their scales in s4-s7, zero in s8, the steps in r4-r6 and r8."""
    registers = ("r4", "r5", "r6", "r8")
    lines = ["vmov s8, %[poison]"]
    if not each:
        lines += ["vldr s4, [%[factor]]", *(f"vmov.f32 s{n}, s4" for n in (5, 6, 7))]
    lines += ["1:", "vldmia %[x]!, {s0-s3}"]
    lines += ["vldmia %[factor]!, {s4-s7}"] if each else []
    lines += [f"vfma.f32 %[poison], s{n}, s8" for n in range(4)]
    lines += [f"vmul.f32 s{n}, s{n}, s{n + 4}" for n in range(4)]
    lines += [f"vcvtr.s32.f32 s{n}, s{n}" for n in range(4)]
    lines += ["vmov r4, r5, s0, s1", "vmov r6, r8, s2, s3"]
    lines += [f"ssat {r}, #{bits}, {r}" for r in registers]
    lines += ["pkhbt r4, r4, r5, lsl #16", "pkhbt r5, r6, r8, lsl #16", "stmia %[y]!, {r4, r5}"]
    lines += ["subs %[left], #4", "bne 1b"]
    operands = '[poison] "+t"(poison), [x] "+r"(x), [factor] "+r"(factor), [y] "+r"(y), [left] "+r"(left)'
    clobbers = ", ".join(f'"{name}"' for name in (*registers, *(f"s{n}" for n in range(9))))
    return _assembly(lines, [operands], [clobbers, '"cc", "memory"'], indent=4)


def step_kernel(bits: int) -> str:
    """Return the function that rounds one number and holds it to ``bits`` bits."""
    high = (1 << (bits - 1)) - 1
    return f"""/* Round to the nearest integer, to even where two are equally near, and hold it to {bits} bits. */
static int16_t to_steps_{bits}(float x) {{
  const float no_fraction = 12582912.0f; /* 1.5 * 2^23: numbers near it are integers */
  if (x >= {high}.0f) {{
    return {high};
  }}
  if (!(x > -{high + 1}.0f)) {{
    return -{high + 1};
  }}
  return (int16_t)((x + no_fraction) - no_fraction);
}}
"""


SPREAD = """/* If an input of the layer was not a finite number, neither is any result. */
static void spread(float poison, float *output, size_t outputs) {
  if (!(poison == 0.0f)) {
    for (size_t i = 0U; i < outputs; ++i) {
      output[i] = poison;
    }
  }
}
"""

UNPACK = f"""#if !({_DSP})
/* The low and the high half of a word, and the even weight of a half: numbers with a sign. */
static int32_t low_half(int32_t word) {{
  return (int32_t)(((uint32_t)word & 0xFFFFU) ^ 0x8000U) - 0x8000;
}}
static int32_t high_half(int32_t word) {{
  return (int32_t)(((uint32_t)word >> 16U) ^ 0x8000U) - 0x8000;
}}
static int32_t even_weight(int32_t half) {{
  return (int32_t)(((uint32_t)half & 0xFFU) ^ 0x80U) - 0x80;
}}
#endif
"""


def _group() -> list[str]:
    """Four inputs of four outputs: weights in r4, r5, r6, r8, pairs of inputs in r12 and lr."""
    lines = ["ldmia %[weight]!, {r4, r5, r6, r8}", "ldmia %[input]!, {r12, lr}"]
    for words, inputs in ((("r4", "r5"), "r12"), (("r6", "r8"), "lr")):
        for n, word in zip((0, 2), words):
            lines += [
                f"smlad %[both{n}], {word}, {inputs}, %[both{n}]",
                f"sxtb16 {word}, {word}",
                f"smlad %[even{n}], {word}, {inputs}, %[even{n}]",
            ]
    return lines


def _sum_assembly() -> str:
    lines = [f"movs %[{name}], #0" for name in ("both0", "even0", "both2", "even2")]
    lines += [f"subs %[groups], #{_UNROLLED}", "blt 2f", "1:", *_UNROLLED * _group()]
    lines += [f"subs %[groups], #{_UNROLLED}", "bge 1b", "2:"]
    lines += [f"adds %[groups], #{_UNROLLED}", "beq 4f", "3:", *_group(), "subs %[groups], #1", "bne 3b", "4:"]
    outputs = ['[weight] "+&r"(weight), [input] "+&r"(x), [groups] "+&r"(left), [both0] "=&r"(both0)']
    outputs += ['[even0] "=&r"(even0), [both2] "=&r"(both2), [even2] "=&r"(even2)']
    return _assembly(lines, outputs, ['"r4", "r5", "r6", "r8", "r12", "lr", "cc", "memory"'], indent=4)


def _finish_assembly() -> str:
    """Four sums to s0-s3, scales in s4-s7, biases in s8-s11."""
    lines = ["vmov s0, s1, %[even0], %[odd0]", "vmov s2, s3, %[even2], %[odd2]", "vldmia %[scale]!, {s4-s11}"]
    lines += [f"vcvt.f32.s32 s{n}, s{n}" for n in range(4)]
    lines += [f"vfma.f32 s{n + 8}, s{n}, s{n + 4}" for n in range(4)]
    lines += ["vstmia %[output]!, {s8-s11}"]
    clobbers = ", ".join(f'"s{n}"' for n in range(12))
    operands = '[scale] "+r"(scale), [output] "+r"(output)'
    inputs = '[even0] "r"(even0), [odd0] "r"(both0 - even0), [even2] "r"(even2), [odd2] "r"(both2 - even2)'
    return _assembly(lines, [operands], [clobbers, '"memory"'], inputs, indent=6)


def _assembly(lines: list[str], outputs: list[str], clobbers: list[str], inputs: str = "", *, indent: int) -> str:
    margin = " " * indent
    text = "\n".join(f'{margin}    "{line}\\n\\t"' for line in lines)
    joint = f",\n{margin}      "
    return f"""{margin}/* clang-format off */
{margin}__asm__ volatile(
{text}
{margin}    : {joint.join(outputs)}
{margin}    : {inputs}
{margin}    : {joint.join(clobbers)});
{margin}/* clang-format on */
"""


DENSE = f"""/* output = weights input + bias, the sums in integers, four outputs at a time; see docs/firmware.md.
   Of a pair of outputs, one sum is 256 times the odd one's plus the even one's. */
static void dense_s8(const int32_t *weight, const float *scale, const int16_t *input, size_t groups,
                     float *output, size_t outputs) {{
  for (; outputs > 0U; outputs -= (outputs < 4U) ? outputs : 4U) {{
    const int16_t *x = input;
    size_t left = groups;
#if {_DSP}
    int32_t both0;
    int32_t even0;
    int32_t both2;
    int32_t even2;
{_sum_assembly()}#else
    int32_t both0 = 0;
    int32_t even0 = 0;
    int32_t both2 = 0;
    int32_t even2 = 0;
    for (left *= 2U; left > 0U; --left) {{
      const int32_t low0 = low_half(weight[0]);
      const int32_t high0 = high_half(weight[0]);
      const int32_t low2 = low_half(weight[1]);
      const int32_t high2 = high_half(weight[1]);
      both0 += low0 * x[0] + high0 * x[1];
      even0 += even_weight(low0) * x[0] + even_weight(high0) * x[1];
      both2 += low2 * x[0] + high2 * x[1];
      even2 += even_weight(low2) * x[0] + even_weight(high2) * x[1];
      weight += 2;
      x += 2;
    }}
#endif
#if {_DSP_AND_FLOAT}
    if (outputs >= 4U) {{
{_finish_assembly()}      continue;
    }}
#endif
    const int32_t sums[4] = {{even0, both0 - even0, even2, both2 - even2}};
    for (size_t n = 0U; n < 4U && n < outputs; ++n) {{
      *output++ = multiply_add((float)sums[n], scale[n], scale[n + 4U]);
    }}
    scale += 8;
  }}
}}
"""

COPY_LENGTH = 32
"""Most 16-bit numbers copied by one ``memcpy``: compilers for small processors write so few out in line."""
