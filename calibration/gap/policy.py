"""The policy on logged observations: does it do again what it did, and where not."""

from __future__ import annotations

from typing import Any

import numpy as np

from calibration.recording.record import Recording
from hardware.replay import TOLERANCE, recompute
from policies.runtime import OnnxPolicy


def policy_gap(recording: Recording, policy: OnnxPolicy) -> dict[str, Any] | None:
    """Step a policy on the log's observations and compare its actions with the log's.

    Args:
        recording: with ``observation``, ``action`` and ``reset`` if the policy ran on the host.
        policy: of the bundle.

    Returns:
        ``steps``, ``largest`` (share of the action's range), ``differs_from_s`` (``None`` if it never does) and
        ``action`` (name of the channel that differs most); ``None`` where the log holds no observations, because the
        policy ran on board, or those of another policy.
    """
    info, streams = policy.bundle.info, recording.streams
    if not {"observation", "action", "reset"} <= set(streams):
        return None
    if streams["observation"].size != policy.observation_size or streams["action"].size != policy.action_size:
        return None
    seen, acted, reset = streams["observation"], streams["action"], streams["reset"]
    time_s, rows, acts = np.intersect1d(seen.time_s, acted.time_s, return_indices=True)
    if not len(time_s):
        return None
    begins = reset.values[np.searchsorted(reset.time_s, time_s), 0] > 0.0
    begins[0] = True
    computed = recompute(policy, seen.values[rows], begins)
    span = np.subtract(info.action.high, info.action.low)
    difference = np.abs(computed - acted.values[acts]) / span
    beyond = np.flatnonzero(difference.max(axis=1) > TOLERANCE)
    return {
        "steps": len(time_s),
        "largest": float(difference.max()),
        "differs_from_s": float(time_s[beyond[0]]) if len(beyond) else None,
        "action": info.action.names[int(difference.max(axis=0).argmax())],
    }
