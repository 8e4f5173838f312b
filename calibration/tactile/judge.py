"""How good a calibration is: presses that nothing was fitted to, rendered and compared with what the camera saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.tactile.depth import BallRenderer
from calibration.tactile.fit import Fit
from sim.tactile.calibration import Calibration


@dataclass(frozen=True)
class Judgement:
    """Grey levels, over all pixels and channels around the held-out contacts.

    Attributes:
        error: mean difference of rendered and compared pictures.
        worst: 95th percentile of it.
        change: mean difference of the compared pictures to the untouched pad: the error of seeing nothing.
        presses: how many were held out.
    """

    error: float
    worst: float
    change: float
    presses: int


def judge(fit: Fit) -> Judgement:
    """Return how far held-out presses, rendered with the calibration, are from their pictures, noise included."""
    renderer = BallRenderer(fit.recording.pad, fit.calibration)
    errors, changes = [], []
    for n, part in _held_out(fit, renderer).items():
        press, at = fit.recording.presses[n], fit.seen[n]
        picture = renderer.picture(at.circle, press.radius_m, at.depth_m)[part].astype(np.float32)
        errors.append(np.abs(picture - fit.recording.picture(n)[part]).ravel())
        changes.append(np.abs(fit.recording.difference(n)[part]).ravel())
    return _judgement(errors, changes)


def judge_against(fit: Fit, truth: Calibration) -> Judgement:
    """Return how far held-out presses rendered with the calibration are from the same rendered with the truth."""
    ours, theirs = BallRenderer(fit.recording.pad, fit.calibration), BallRenderer(fit.recording.pad, truth)
    untouched = truth.pictures(fit.recording.pad)[1]
    errors, changes = [], []
    for n, part in _held_out(fit, ours).items():
        press, at = fit.recording.presses[n], fit.seen[n]
        right = theirs.picture(at.circle, press.radius_m, at.depth_m)[part].astype(np.float32)
        errors.append(np.abs(ours.picture(at.circle, press.radius_m, at.depth_m)[part] - right).ravel())
        changes.append(np.abs(right - untouched[part]).ravel())
    return _judgement(errors, changes)


def _held_out(fit: Fit, renderer: BallRenderer) -> dict[int, tuple[slice, slice]]:
    return {n: renderer.around(at.circle) for n, at in fit.seen.items() if at.held_out}


def _judgement(errors: list[np.ndarray], changes: list[np.ndarray]) -> Judgement:
    error = np.concatenate(errors)
    return Judgement(
        float(error.mean()), float(np.percentile(error, 95.0)), float(np.concatenate(changes).mean()), len(errors)
    )
