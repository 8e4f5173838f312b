"""From rclpy's QoS profiles to Cyclone DDS's policies and back."""

from __future__ import annotations

from typing import Any

from cyclonedds.qos import Policy, Qos

from hardware.ros2.rclpy.duration import Duration, Infinite
from hardware.ros2.rclpy.qos import DurabilityPolicy, HistoryPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy

WRITE_BLOCKS_AT_MOST_NS = 100_000_000
"""How long a reliable write may wait for slow readers. ROS waits without limit; a control loop must not."""
UNLIMITED = -1


def dds_qos(profile: QoSProfile, user_data: bytes, *, writer: bool, ignore_local: bool = False) -> Qos:
    """Return the policies of a writer or a reader.

    Every endpoint speaks XCDR1 and says its type hash in ``user_data``, as rmw_cyclonedds does.
    "Best available" becomes what matches any peer: a reliable writer, a best-effort reader.

    Args:
        profile: rclpy profile.
        user_data: see ``wire.user_data``.
        writer: for a writer, else a reader.
        ignore_local: receive nothing from one's own participant.
    """
    history = _history(profile)
    policies: list[Any] = [
        Policy.DataRepresentation(use_cdrv0_representation=True),
        Policy.Userdata(user_data),
        history,
        _reliability(profile, writer),
        _liveliness(profile),
    ]
    if _transient_local(profile, writer):
        policies.append(Policy.Durability.TransientLocal)
        # Cyclone DDS keeps history for late readers by this policy, not by the writer's own history.
        policies.append(Policy.DurabilityService(0, history, UNLIMITED, UNLIMITED, UNLIMITED))
    else:
        policies.append(Policy.Durability.Volatile)
    if profile.deadline.nanoseconds:
        policies.append(Policy.Deadline(profile.deadline.nanoseconds))
    if writer:
        policies.append(Policy.WriterDataLifecycle(autodispose=False))
        if profile.lifespan.nanoseconds:
            policies.append(Policy.Lifespan(profile.lifespan.nanoseconds))
    if ignore_local:
        policies.append(Policy.IgnoreLocal.Participant)
    return Qos(*policies)


def ros_qos(qos: Qos) -> QoSProfile:
    """Return the rclpy profile of a discovered endpoint; its history is not sent and stays unknown."""
    reliability, durability = qos[Policy.Reliability], qos[Policy.Durability]
    liveliness = qos[Policy.Liveliness]
    manual = liveliness is not None and isinstance(liveliness, Policy.Liveliness.ManualByTopic)
    return QoSProfile(
        history=HistoryPolicy.UNKNOWN,
        depth=0,
        reliability=ReliabilityPolicy.BEST_EFFORT
        if reliability == Policy.Reliability.BestEffort
        else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE
        if durability == Policy.Durability.Volatile
        else DurabilityPolicy.TRANSIENT_LOCAL,
        deadline=_duration(qos[Policy.Deadline], "deadline"),
        lifespan=_duration(qos[Policy.Lifespan], "lifespan"),
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC if manual else LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=_duration(liveliness, "lease_duration"),
    )


def _history(profile: QoSProfile) -> Any:
    if profile.history == HistoryPolicy.KEEP_ALL:
        return Policy.History.KeepAll
    return Policy.History.KeepLast(max(profile.depth, 1))


def _reliability(profile: QoSProfile, writer: bool) -> Any:
    best_effort = profile.reliability == ReliabilityPolicy.BEST_EFFORT or (
        profile.reliability == ReliabilityPolicy.BEST_AVAILABLE and not writer
    )
    return Policy.Reliability.BestEffort if best_effort else Policy.Reliability.Reliable(WRITE_BLOCKS_AT_MOST_NS)


def _transient_local(profile: QoSProfile, writer: bool) -> bool:
    available = profile.durability == DurabilityPolicy.BEST_AVAILABLE and writer
    return profile.durability == DurabilityPolicy.TRANSIENT_LOCAL or available


def _liveliness(profile: QoSProfile) -> Any:
    lease = profile.liveliness_lease_duration.nanoseconds or Infinite.nanoseconds
    if profile.liveliness == LivelinessPolicy.MANUAL_BY_TOPIC:
        return Policy.Liveliness.ManualByTopic(lease)
    return Policy.Liveliness.Automatic(lease)


def _duration(policy: Any, attribute: str) -> Duration:
    value = getattr(policy, attribute, None)
    return Infinite if value is None else Duration(nanoseconds=min(max(value, 0), Infinite.nanoseconds))
