"""Bring the pose of a recording onto the gyro's clock: the lag between the two, and its drift, are taken off.

Where the pose comes from outside (motion capture, a bag of another computer) this is the clocks' difference; where
it is the robot's own estimate, it is the estimator's delay.
"""

from __future__ import annotations

from calibration.recording.record import Recording
from calibration.recording.suspicions import POSE, drifts, pose_lag

LEAST_S = 5e-4
"""Smaller lags are left as they are."""


def align(recording: Recording) -> Recording:
    """Return the recording with position, velocity and attitude on the gyro's clock, and what was done in words.

    Without gyro or attitude, or with too little turning to tell, nothing is changed.
    """
    if not {"gyro", "attitude"} <= set(recording.streams):
        return recording
    lag = pose_lag(recording)
    if lag is None:
        return recording
    drift = lag.drift if drifts(lag) else 0.0
    if abs(lag.offset_s) < max(LEAST_S, 3.0 * lag.offset_std_s) and drift == 0.0:
        return recording
    middle = 0.5 * (recording.stream("attitude").time_s[0] + recording.stream("attitude").time_s[-1])
    offset = -(lag.offset_s - drift * middle)
    moved = {name: recording.streams[name].shifted(offset, -drift) for name in POSE if name in recording.streams}
    said = f"the pose was {1e3 * lag.offset_s:+.1f} ms behind the gyro"
    said += f" and drifted by {1e6 * drift:+.0f} ppm" if drift else ""
    return recording.with_streams((f"{said}: put on the gyro's clock",), **moved)
