"""Choose the integers of every dense layer: ranges from samples, weights rounded so that errors cancel.

Where the inputs of a layer have different ranges, as metres beside radians per second, each has a step of its own,
which moves resolution between inputs and weights (Xiao et al., "SmoothQuant", 2023, equation 4): of some balances
the one that errs least on the samples is taken. On the hover policies it errs a fifth of what either end does.
Weights are rounded one input after the other, and what
rounding one changes in the results is put right in those not yet rounded, as far as the samples' correlations permit
(Frantar et al., "GPTQ", 2023, equations 2-4, after Hassibi and Stork's "Optimal Brain Surgeon", 1993).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from firmware_export.onnx_to_c.interpreter import quantize_inputs, run_program
from firmware_export.onnx_to_c.ir import Apply, Buffer, Dense, Map, Program, View
from firmware_export.onnx_to_c.quantized import FEWEST_BITS, LARGEST_WEIGHT, MOST_BITS, Quantized, sum_bits
from sim.errors import BundleError

MARGIN = 1.25
"""Room above the largest sample before an input is held: flights go a little beyond what was recorded."""
SMALLEST_LAYER = 128
"""Weights; smaller layers stay float: nothing is to be gained there."""
UNLIKE = 2.0
"""Inputs whose ranges differ by more have a scale each."""
BALANCES = (0.2, 0.35, 0.5, 0.65)
"""Between equal ranges (0) and equal weights (1) of a layer's inputs."""
SMALLEST_WEIGHT = 1e-6
"""Of a layer's largest: an input with smaller ones counts as if it had these, so that nothing is divided by zero."""
LARGEST_CORRELATION = 4096
"""Rows of samples per layer that its correlations are taken from."""
DAMPING = 0.01
"""Added to the diagonal of the correlations, relative to its mean, as in GPTQ."""
CHUNK = 64
"""Samples that run through the program together: bounds memory."""
_BOUNDED = {"tanh": 1.0, "sigmoid": 1.0}


class CalibrationError(BundleError):
    """Samples or layers that integers cannot be chosen for; names the layer."""


@dataclass(frozen=True)
class Samples:
    """Recorded steps: observation (samples, n), state before each (samples, s), reset (samples,), float32."""

    observation: np.ndarray
    state: np.ndarray
    reset: np.ndarray

    def chunks(self) -> Iterator[Samples]:
        """Return the steps in small lots."""
        for start in range(0, len(self.observation), CHUNK):
            part = slice(start, start + CHUNK)
            yield Samples(self.observation[part], self.state[part], self.reset[part])


@dataclass
class _Seen:
    """What samples showed of one layer's inputs."""

    largest: np.ndarray
    """(inputs,) largest magnitudes."""
    rows: list[np.ndarray] = field(default_factory=list)


def quantize(
    program: Program, samples: Samples, most_bits: int = MOST_BITS, *, replaceable: bool = False
) -> list[Dense]:
    """Give every dense layer of a program its integers.

    Args:
        program: changed in place: its dense layers get ``quantized``.
        samples: recorded steps, finite.
        most_bits: of the layers' inputs; sums of many terms permit fewer.
        replaceable: other weights may take the place of these: bits depend on the layers' shapes only.

    Returns:
        The layers that are in integers now.

    Raises:
        CalibrationError: if there are no samples, or a layer's inputs are not finite, or its sums would overflow.
    """
    layers = [s for s in program.statements if isinstance(s, Dense) and s.weight.size >= SMALLEST_LAYER]
    if not layers:
        raise CalibrationError("int8: the graph has no dense, recurrent or convolution layer to put in integers")
    if len(samples.observation) == 0:
        raise CalibrationError("int8: there are no samples to calibrate with")
    seen = _observe(program, samples, layers)
    for layer in layers:
        bound = _bound(program, layer.input)
        layer.quantized = _quantize_layer(layer, seen[layer.output], bound, most_bits, replaceable=replaceable)
    return layers


def _observe(program: Program, samples: Samples, layers: list[Dense]) -> dict[Buffer, _Seen]:
    """Run the samples through the program in float and keep what reaches the layers."""
    seen = {layer.output: _Seen(np.zeros(len(layer.weight))) for layer in layers}
    per_chunk = max(LARGEST_CORRELATION * CHUNK // len(samples.observation), 1)

    def watch(layer: Dense, x: np.ndarray) -> None:
        if layer.output not in seen:
            return
        rows = x.reshape(-1, x.shape[-1])
        if not np.isfinite(rows).all():
            raise CalibrationError(f"int8: the golden sequences bring {_name(layer)} inputs that are not finite")
        record = seen[layer.output]
        record.largest = np.maximum(record.largest, np.abs(rows).max(axis=0))
        step = max(len(rows) // per_chunk, 1)
        record.rows.append(rows[::step][:per_chunk].astype(np.float64))

    for part in samples.chunks():
        run_program(program, part.observation, part.state, part.reset, watch)
    return seen


def _bound(program: Program, view: View) -> float:
    """Return the largest magnitude that what computes a view can have: 1 after tanh and sigmoid."""
    writers = [s for s in program.statements if s.output is view.buffer]
    bounds = [
        _BOUNDED.get(writer.expression.function, np.inf)
        if isinstance(writer, Map) and isinstance(writer.expression, Apply)
        else np.inf
        for writer in writers
    ]
    return float(max(bounds, default=np.inf))


def _quantize_layer(layer: Dense, seen: _Seen, bound: float, most_bits: int, *, replaceable: bool) -> Quantized:
    """Return the layer's integers with whichever balance errs least on the samples."""
    if not np.isfinite(layer.weight).all():
        raise CalibrationError(f"int8: {_name(layer)} has weights that are not finite")
    alike = bool(layer.loops) or layer.runs > 1  # an input of a moving window is another one at every place
    ranges = _ranges(seen.largest, bound)
    rows = np.concatenate(seen.rows)
    same = alike or ranges.min() * UNLIKE >= ranges.max()
    all_shares = [np.ones_like(ranges)] if same else [_shares(ranges, layer.weight, b) for b in BALANCES]
    each = not alike and (replaceable or not same)
    choices = [_integers(layer, ranges, shares, rows, most_bits, each, replaceable) for shares in all_shares]
    return choices[0] if same else min(choices, key=lambda choice: _error(layer, choice, rows, ranges))


def _integers(
    layer: Dense,
    ranges: np.ndarray,
    shares: np.ndarray,
    rows: np.ndarray,
    most_bits: int,
    each: bool,
    replaceable: bool,
) -> Quantized:
    """Return a layer's integers for given steps of its inputs, up to their common factor (``shares``)."""
    folded = layer.weight * shares[:, None]
    unit = np.abs(folded).max(axis=0) / LARGEST_WEIGHT
    unit[unit == 0.0] = 1.0
    weight = round_weights(folded / unit, rows / shares)
    worst = np.full_like(weight, LARGEST_WEIGHT) if replaceable else weight
    bits = min(sum_bits(worst), most_bits)
    if bits < FEWEST_BITS:
        raise CalibrationError(
            f"int8: {_name(layer)} adds {len(weight)} products, which leaves {bits} bits for its inputs in sums of"
            f" 32 bits; at least {FEWEST_BITS} are needed: export it in float"
        )
    steps = (1 << (bits - 1)) - 1
    step = shares * (ranges / shares).max() / steps  # the widest input uses all steps
    scale = 1.0 / (step if each else step[:1])
    return Quantized(
        weight=weight.astype(np.int8),
        input_scale=scale.astype(np.float32),
        output_scale=(unit * (step / shares)[0]).astype(np.float32),
        bits=bits,
    )


def _error(layer: Dense, choice: Quantized, rows: np.ndarray, ranges: np.ndarray) -> float:
    """Return the mean square error of a layer's results on the samples, wild ones counted as in rounding."""
    ours = quantize_inputs(rows, choice) @ choice.weight.astype(np.int64) * choice.output_scale
    error = np.square(ours - rows @ layer.weight).mean(axis=1)
    return float((error * np.square(_shortening(rows / ranges))).mean())


def _ranges(largest: np.ndarray, bound: float) -> np.ndarray:
    """Return each input's range; one that the samples never move gets the largest."""
    ranges = np.minimum(MARGIN * largest, bound)
    return np.where(ranges > 0.0, ranges, ranges.max() or 1.0)


def _shares(ranges: np.ndarray, weight: np.ndarray, balance: float) -> np.ndarray:
    """Return what each input is divided by, up to a common factor.

    Args:
        ranges: (inputs,) of the inputs.
        weight: (inputs, outputs).
        balance: 0 makes the inputs' ranges equal, 1 their largest weights.
    """
    largest = np.abs(weight).max(axis=1).astype(np.float64)
    largest = np.maximum(largest, SMALLEST_WEIGHT * (largest.max() or 1.0))
    return ranges ** (1.0 - balance) * largest**-balance


def _shortening(rows: np.ndarray) -> np.ndarray:
    """Return a factor for each row that leaves none longer than their median, or the wildest would count alone."""
    length = np.linalg.norm(rows, axis=1)
    median = float(np.median(length))
    return median / np.maximum(length, median or 1.0)


def round_weights(weight: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Round weights to integers so that the results change little on the samples.

    Args:
        weight: (inputs, outputs), magnitudes up to ``LARGEST_WEIGHT``.
        rows: (samples, inputs) typical inputs.

    Returns:
        (inputs, outputs) integers as float64.
    """
    rows = rows * _shortening(rows)[:, None]
    correlation = rows.T @ rows / len(rows)
    mean = float(np.diag(correlation).mean()) or 1.0
    correlation += DAMPING * mean * np.eye(len(correlation))
    order = np.argsort(-np.diag(correlation), kind="stable")  # what matters most is rounded while all can make up
    inverse = np.linalg.inv(correlation[np.ix_(order, order)])
    factor = np.linalg.cholesky((inverse + inverse.T) / 2.0).T  # upper
    left = weight[order].astype(np.float64)
    rounded = np.empty_like(left)
    for i in range(len(left)):
        rounded[i] = np.clip(np.rint(left[i]), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        left[i + 1 :] -= np.outer(factor[i, i + 1 :] / factor[i, i], left[i] - rounded[i])
    result = np.empty_like(rounded)
    result[order] = rounded
    return result


def _name(layer: Dense) -> str:
    return f"layer '{layer.nodes[0]}'" if layer.nodes else "a layer"
