"""C of the int8 layers: quantize the inputs, sum in integers, scale the sums.

Everything has a portable form and one for processors with the Cortex-M4's dual multiply-accumulate; both give the
same bits: sums are exact integers and rounding is to the nearest, to even where two are equally near, in both.
"""

from __future__ import annotations

_HAS_DSP = "defined(__GNUC__) && defined(__thumb2__) && defined(__ARM_FEATURE_DSP)"
_DSP = f"{_HAS_DSP} && defined(__OPTIMIZE__)"
"""Without optimization a compiler runs out of registers for the inner loop."""
_DSP_AND_FLOAT = f"{_HAS_DSP} && defined(__ARM_FP) && (__ARM_FP & 4)"
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
    return f"""/* Express inputs in steps, zeros up to a whole group after them. Return 0, or NaN if one is not a finite
   number: the layer's results must show it. */
static float {name}(const float *input, const float *scale, size_t count, size_t filled,
{margin}int16_t *steps) {{
  float poison = 0.0f;
  for (size_t i = 0U; i < count; ++i) {{
    poison = multiply_add(input[i], 0.0f, poison);
    steps[i] = to_steps_{bits}(input[i] * {scale});
  }}
  for (size_t i = count; i < filled; ++i) {{
    steps[i] = 0;
  }}
  return poison;
}}
"""


def step_kernel(bits: int) -> str:
    """Return the function that rounds one number and holds it to ``bits`` bits."""
    high = (1 << (bits - 1)) - 1
    return f"""/* Round to the nearest integer, to even where two are equally near, and hold it to {bits} bits. */
static int16_t to_steps_{bits}(float x) {{
#if {_DSP_AND_FLOAT}
  int32_t steps;
  __asm__("vcvtr.s32.f32 %1, %1\\n\\tvmov %0, %1\\n\\tssat %0, #{bits}, %0" : "=r"(steps), "+t"(x));
  return (int16_t)steps;
#else
  const float no_fraction = 12582912.0f; /* 1.5 * 2^23: numbers near it are integers */
  if (x >= {high}.0f) {{
    return {high};
  }}
  if (!(x > -{high + 1}.0f)) {{
    return -{high + 1};
  }}
  return (int16_t)((x + no_fraction) - no_fraction);
#endif
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


def sum_kernel(*, aligned: bool) -> str:
    """Return the function that sums a run of inputs for four outputs.

    Args:
        aligned: inputs begin at a multiple of 4 bytes, so that two pairs are loaded by one instruction.
    """
    name = "sum_aligned_s8" if aligned else "sum_s8"
    margin = " " * len(f"static const int32_t *{name}(")
    return f"""/* Sum groups of four inputs for four outputs: sums[0] and [2] are 256 odd + even, sums[1] and [3] even.
   Return the weights after those used. */
static const int32_t *{name}(const int32_t *weight, const int16_t *input, size_t groups,
{margin}int32_t sums[4]) {{
#if {_DSP}
  int32_t both0;
  int32_t even0;
  int32_t both2;
  int32_t even2;
{_assembly(aligned)}  sums[0] = both0;
  sums[1] = even0;
  sums[2] = both2;
  sums[3] = even2;
#else
  sums[0] = sums[1] = sums[2] = sums[3] = 0;
  for (; groups > 0U; --groups) {{
    for (size_t pair = 0U; pair < 2U; ++pair) {{
      for (size_t n = 0U; n < 4U; n += 2U) {{
        const int32_t low = low_half(*weight);
        const int32_t high = high_half(*weight);
        sums[n] += low * input[0] + high * input[1];
        sums[n + 1U] += even_weight(low) * input[0] + even_weight(high) * input[1];
        ++weight;
      }}
      input += 2;
    }}
  }}
#endif
  return weight;
}}
"""


def _assembly(aligned: bool) -> str:
    lines = [f"movs %[{sum_}], #0" for sum_ in ("both0", "even0", "both2", "even2")]
    lines += [f"subs %[groups], #{_UNROLLED}", "blt 2f", "1:"]
    lines += _UNROLLED * _group(aligned)
    lines += [f"subs %[groups], #{_UNROLLED}", "bge 1b", "2:"]
    lines += [f"adds %[groups], #{_UNROLLED}", "beq 4f", "3:", *_group(aligned)]
    lines += ["subs %[groups], #1", "bne 3b", "4:"]
    text = "\n".join(f'      "{line}\\n\\t"' for line in lines)
    return f"""  /* clang-format off */
  __asm__ volatile(
{text}
      : [weight] "+&r"(weight), [input] "+&r"(input), [groups] "+&r"(groups), [both0] "=&r"(both0),
        [even0] "=&r"(even0), [both2] "=&r"(both2), [even2] "=&r"(even2)
      :
      : "r4", "r5", "r6", "r8", "r12", "lr", "cc", "memory");
  /* clang-format on */
"""


def _group(aligned: bool) -> list[str]:
    """Four inputs of four outputs: weights in r4, r5, r6, r8, pairs of inputs in r12 and lr."""
    pairs = ["ldmia %[input]!, {r12, lr}"] if aligned else ["ldr r12, [%[input]], #4", "ldr lr, [%[input]], #4"]
    lines = ["ldmia %[weight]!, {r4, r5, r6, r8}", *pairs]
    for words, inputs in ((("r4", "r5"), "r12"), (("r6", "r8"), "lr")):
        for n, word in zip((0, 2), words):
            lines += [
                f"smlad %[both{n}], {word}, {inputs}, %[both{n}]",
                f"sxtb16 {word}, {word}",
                f"smlad %[even{n}], {word}, {inputs}, %[even{n}]",
            ]
    return lines


FINISH = """/* Turn the sums of four outputs into numbers; scale holds four scales, then four biases. 256 times an odd
   sum is as exact as the odd sum. */
static void finish_s8(const int32_t sums[4], const float *scale, float *output, size_t outputs) {
  float y[4];
  y[0] = multiply_add((float)sums[1], scale[0], scale[4]);
  y[1] = multiply_add((float)(sums[0] - sums[1]), scale[1], scale[5]);
  y[2] = multiply_add((float)sums[3], scale[2], scale[6]);
  y[3] = multiply_add((float)(sums[2] - sums[3]), scale[3], scale[7]);
  if (outputs >= 4U) {
    output[0] = y[0];
    output[1] = y[1];
    output[2] = y[2];
    output[3] = y[3];
  } else {
    for (size_t n = 0U; n < outputs; ++n) {
      output[n] = y[n];
    }
  }
}
"""

DENSE = """/* output = weights input + bias, the sums in integers; see docs/firmware.md. */
static void dense_s8(const int32_t *weight, const float *scale, const int16_t *input, size_t groups,
                     float *output, size_t outputs) {
  for (size_t block = 0U; block < outputs; block += 4U) {
    int32_t sums[4];
    weight = sum_aligned_s8(weight, input, groups, sums);
    finish_s8(sums, scale, &output[block], outputs - block);
    scale += 8;
  }
}
"""

WINDOW = """/* The same for inputs in several runs, stride apart, anywhere: the rows under a convolution's kernel. */
static void window_s8(const int32_t *weight, const float *scale, const int16_t *input, size_t runs,
                      size_t stride, size_t groups, float *output, size_t outputs) {
  for (size_t block = 0U; block < outputs; block += 4U) {
    int32_t sums[4] = {0, 0, 0, 0};
    for (size_t run = 0U; run < runs; ++run) {
      int32_t part[4];
      weight = sum_s8(weight, &input[run * stride], groups, part);
      for (size_t n = 0U; n < 4U; ++n) {
        sums[n] += part[n];
      }
    }
    finish_s8(sums, scale, &output[block], outputs - block);
    scale += 8;
  }
}
"""
