"""The page's section about a run of a robot with joints."""

from __future__ import annotations

from calibration.reporting import joint_plots
from calibration.reporting.html import Html, figure, join
from calibration.reporting.record import JointRecord


def joint_run(record: JointRecord) -> Html:
    """Tilt and errors over time, the joints that moved most, temperature and battery."""
    count = record.position.shape[1]
    names = record.metadata.get("joint_names", "").split() or [f"joint {i + 1}" for i in range(count)]
    over_time = (
        "Tilt of the body, the joint farthest from its target and the largest torque. Tints: the supervisor's and"
        " the mission's phases; red lines: faults."
    )
    most = f"Targets and positions of the {min(joint_plots.SHOWN, count)} joints that moved most."
    return join(
        [
            figure(joint_plots.over_time(record, "joint-over-time"), over_time),
            figure(joint_plots.joints(record, names, "joints"), most),
            figure(joint_plots.temperature(record, "temperature"), "The hottest motor and the battery."),
        ]
    )
