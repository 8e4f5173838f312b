"""How near three poses come to all of them: against inverse kinematics that sees the whole person.

The truth is where ``sim/motion/retarget.py`` puts the character's head and hands when it sees every body of the same
motion. The network sees neither that nor the motion's kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.sparse.data import Pair
from policies.sparse.follower import Followed, Predict, follow
from sim.motion.check import check
from sim.motion.clip import Clip
from sim.motion.sparse.pose_code import frame_places, tracked_targets
from sim.motion.sparse.tracked import TRACKED, tracked_of

Array = NDArray[np.float64]


def place_errors(clip: Clip, truth: Clip) -> Array:
    """Return how far head and hands are from where they should be, m; (T, 3)."""
    targets = tracked_targets(clip.character)
    return np.linalg.norm(frame_places(clip, targets) - frame_places(truth, targets), axis=-1)


def judge(
    pairs: Sequence[Pair], robot: str, predict: Predict, seed: int, noise_position_m: float, noise_turn_rad: float
) -> dict[str, Any]:
    """Follow held-out motions with the trackers' noise and return the figures.

    Returns:
        ``error_m`` (mean over head, hands, frames, motions), ``error_p95_m``, the mean of each pose and of each kind of
        motion, ``foot_slip_m_s``, ``contact_agreement`` (share of feet and frames), joint angles beyond their ranges,
        and ``rate_hz``, frames per second of one core.
    """
    rng = np.random.default_rng(seed)
    followed, errors = [], []
    for pair in pairs:
        tracked = tracked_of(pair.person, robot).noisy(rng, noise_position_m, noise_turn_rad)
        done = follow(tracked, robot, predict, pair.kind, f"{pair.person.source}; followed from three poses")
        followed.append(done)
        errors.append(place_errors(done.clip, pair.robot))
    return summed_up(pairs, followed, errors)


def summed_up(pairs: Sequence[Pair], followed: Sequence[Followed], errors: Sequence[Array]) -> dict[str, Any]:
    """Return the figures of motions that were followed."""
    every = np.concatenate(errors)
    figures = [check(done.clip) for done in followed]
    kinds = sorted({pair.kind for pair in pairs})
    agreement = [(done.clip.contact == _contact(pair, done)).mean() for pair, done in zip(pairs, followed)]
    return {
        "motions": len(pairs),
        "frames": len(every),
        "error_m": float(every.mean()),
        "error_p95_m": float(np.quantile(every, 0.95)),
        **{f"{name}_error_m": float(every[:, k].mean()) for k, name in enumerate(TRACKED)},
        "kinds": {
            kind: float(np.concatenate([e for e, pair in zip(errors, pairs) if pair.kind == kind]).mean())
            for kind in kinds
        },
        "foot_slip_m_s": float(np.mean([f.foot_slip_m_s for f in figures])),
        "penetration_m": float(np.max([f.penetration_m for f in figures])),
        "contact_agreement": float(np.mean(agreement)),
        "joint_limit_violations": int(sum(f.joint_limit_violations or 0 for f in figures)),
        "rate_hz": float(len(every) / max(sum(done.cpu_s for done in followed), 1e-9)),
    }


def _contact(pair: Pair, done: Followed) -> NDArray[np.bool_]:
    return pair.robot.contact[:, [pair.robot.contact_names.index(foot) for foot in done.clip.contact_names]]
