"""A dense layer in integers: weights of 8 bits, inputs of up to 16, sums of 32 that cannot overflow.

``output[o] = output_scale[o] * sum_i weight[i, o] * round(input_scale[i] * input[i]) + bias[o]``

The Cortex-M4 multiplies two pairs of 16-bit numbers and adds both products in one cycle (SMLAD). Two weights lie in
each 16-bit number, ``256 odd + even``, for two outputs: the sum with such a number is ``256 odd sum + even sum``, the
sum with its sign-extended low byte (SXTB16) is the even sum, and their difference is 256 times the odd one, exactly.
So one instruction unpacks weights for four multiply-adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 4
"""Outputs that are computed together."""
GROUP = 4
"""Inputs that are read together; a layer's last group is filled up with weights of zero."""
LARGEST_WEIGHT = 127
LARGEST_SUM = 2**31 - 1
FEWEST_BITS, MOST_BITS = 8, 16


@dataclass(frozen=True, eq=False)
class Quantized:
    """The integers and scales of one dense layer.

    Attributes:
        weight: (inputs, outputs) int8, -127 to 127.
        input_scale: (inputs,) or, one for all, (1,) float32: steps per unit.
        output_scale: (outputs,) float32: what one step of a sum is worth.
        bits: of the quantized inputs, which are held to -2^(bits-1) ... 2^(bits-1) - 1.
    """

    weight: np.ndarray
    input_scale: np.ndarray
    output_scale: np.ndarray
    bits: int

    @property
    def largest_step(self) -> int:
        """Largest quantized input."""
        return (1 << (self.bits - 1)) - 1


def sum_bits(weight: np.ndarray) -> int:
    """Return the most bits that inputs may have so that no sum, not even a partial one, leaves 32 bits.

    With inputs of magnitude up to ``2^(bits-1)``, every sum of a pair of outputs is at most
    ``2^(bits-1) sum_i (256 |odd_i| + |even_i|)``, in whatever order it is added up.

    Args:
        weight: (inputs, outputs) integers.
    """
    pairs = np.abs(_whole_blocks(weight).astype(np.int64)).reshape(len(weight), -1, 2)
    largest = int((pairs[:, :, 0] + 256 * pairs[:, :, 1]).sum(axis=0).max(initial=1))
    return min((LARGEST_SUM // max(largest, 1)).bit_length(), MOST_BITS)


def packed(weight: np.ndarray) -> np.ndarray:
    """Return weights as 32-bit words in the order the kernel reads them.

    Per block of four outputs and group of four inputs: inputs 0 and 1 for outputs 0 and 1, the same for outputs 2
    and 3, then inputs 2 and 3 likewise. The first of two inputs is in the low half of a word.

    Args:
        weight: (inputs, outputs) int8.

    Returns:
        (words,) int32.
    """
    whole = np.pad(_whole_blocks(weight), ((0, -len(weight) % GROUP), (0, 0)))
    halves = whole[:, 0::2] + 256 * whole[:, 1::2]  # (inputs, output pairs)
    words = (halves[0::2] & 0xFFFF) | ((halves[1::2] & 0xFFFF) << 16)
    blocks = words.reshape(len(whole) // GROUP, 2, -1, BLOCK // 2)  # group, input pair, block, output pair
    return blocks.transpose(2, 0, 1, 3).ravel().astype(np.uint32).view(np.int32)


def scales(quantized: Quantized, bias: np.ndarray) -> np.ndarray:
    """Return per block of four outputs their scales, those of odd outputs for 256 times their sum, then their biases.

    Args:
        quantized: the layer.
        bias: (outputs,) float32.

    Returns:
        float32, two per output of whole blocks.
    """
    outputs = -(-len(bias) // BLOCK) * BLOCK
    pairs = np.zeros((2, outputs), np.float32)
    pairs[0, : len(bias)], pairs[1, : len(bias)] = quantized.output_scale, bias
    pairs[0, 1::2] /= np.float32(256.0)
    return np.ascontiguousarray(pairs.reshape(2, -1, BLOCK).transpose(1, 0, 2)).ravel()


def _whole_blocks(weight: np.ndarray) -> np.ndarray:
    return np.pad(weight.astype(np.int64), ((0, 0), (0, -weight.shape[1] % BLOCK)))
