"""Quality of service (rclpy.qos): how often, how surely and how long messages are delivered."""

# ruff: noqa: N818  (the names are rclpy's)
from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hardware.ros2.rclpy.duration import Duration, Infinite
from sim.errors import Sim2MetalError


class InvalidQoSProfileException(Sim2MetalError):
    """A profile that leaves out what it needs."""

    def __init__(self, *args: Any) -> None:
        super().__init__(": ".join(["Invalid QoSProfile", *map(str, args)]))


class QoSPolicyEnum(IntEnum):
    """Base of the policies, with the short names of the command line."""

    @classmethod
    def short_keys(cls) -> list[str]:
        """The values' names in lower case."""
        return [name.lower() for name in cls.__members__]

    @classmethod
    def get_from_short_key(cls, name: str) -> int:
        """The value of a short name."""
        return cls[name.upper()].value

    @property
    def short_key(self) -> str:
        """The value's name in lower case."""
        return self.name.lower()


class HistoryPolicy(QoSPolicyEnum):
    """How many samples are kept."""

    SYSTEM_DEFAULT = 0
    KEEP_LAST = 1
    KEEP_ALL = 2
    UNKNOWN = 3


class ReliabilityPolicy(QoSPolicyEnum):
    """Whether lost samples are sent again."""

    SYSTEM_DEFAULT = 0
    RELIABLE = 1
    BEST_EFFORT = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class DurabilityPolicy(QoSPolicyEnum):
    """Whether samples wait for subscribers that come later."""

    SYSTEM_DEFAULT = 0
    TRANSIENT_LOCAL = 1
    VOLATILE = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class LivelinessPolicy(QoSPolicyEnum):
    """Who says that a publisher is alive."""

    SYSTEM_DEFAULT = 0
    AUTOMATIC = 1
    MANUAL_BY_TOPIC = 3
    UNKNOWN = 4
    BEST_AVAILABLE = 5


QoSHistoryPolicy = HistoryPolicy
QoSReliabilityPolicy = ReliabilityPolicy
QoSDurabilityPolicy = DurabilityPolicy
QoSLivelinessPolicy = LivelinessPolicy


class QoSPolicyKind(IntEnum):
    """Names of the policies, as events tell them."""

    INVALID = 1 << 0
    DURABILITY = 1 << 1
    DEADLINE = 1 << 2
    LIVELINESS = 1 << 3
    RELIABILITY = 1 << 4
    HISTORY = 1 << 5
    LIFESPAN = 1 << 6
    DEPTH = 1 << 7
    LIVELINESS_LEASE_DURATION = 1 << 8
    AVOID_ROS_NAMESPACE_CONVENTIONS = 1 << 9


def qos_policy_name_from_kind(policy_kind: QoSPolicyKind | int) -> str:
    """The name of a policy."""
    return QoSPolicyKind(policy_kind).name


class QoSProfile:
    """A set of policies; ``depth`` or ``history=KEEP_ALL`` has to be given, the rest has rclpy's defaults.

    A duration of zero means "not given", which is no limit.
    """

    _DEFAULTS: ClassVar[dict[str, Any]] = {
        "history": HistoryPolicy.KEEP_LAST,
        "depth": 10,
        "reliability": ReliabilityPolicy.RELIABLE,
        "durability": DurabilityPolicy.VOLATILE,
        "lifespan": Duration(),
        "deadline": Duration(),
        "liveliness": LivelinessPolicy.SYSTEM_DEFAULT,
        "liveliness_lease_duration": Duration(),
        "avoid_ros_namespace_conventions": False,
    }
    __slots__ = tuple(f"_{name}" for name in _DEFAULTS)

    if TYPE_CHECKING:  # checked properties, made below
        history: HistoryPolicy
        depth: int
        reliability: ReliabilityPolicy
        durability: DurabilityPolicy
        lifespan: Duration
        deadline: Duration
        liveliness: LivelinessPolicy
        liveliness_lease_duration: Duration
        avoid_ros_namespace_conventions: bool

    def __init__(self, **kwargs: Any) -> None:
        unknown = kwargs.keys() - self._DEFAULTS.keys()
        assert not unknown, f"Invalid arguments passed to constructor: {sorted(unknown)}"
        if "history" not in kwargs and "depth" not in kwargs:
            raise InvalidQoSProfileException("History and/or depth settings are required.")
        if kwargs.get("history") == HistoryPolicy.KEEP_LAST and "depth" not in kwargs:
            raise InvalidQoSProfileException("History set to KEEP_LAST without a depth setting.")
        for name, default in self._DEFAULTS.items():
            setattr(self, name, kwargs.get(name, default))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QoSProfile) and all(getattr(self, n) == getattr(other, n) for n in self._DEFAULTS)

    __hash__ = None  # type: ignore[assignment]  (profiles are mutable)

    def __repr__(self) -> str:
        return f"QoSProfile({', '.join(f'{name}={getattr(self, name)}' for name in self._DEFAULTS)})"


def _enum_property(name: str, kind: type[QoSPolicyEnum]) -> property:
    def assign(self: Any, value: Any) -> None:
        assert isinstance(value, int), f"{name} needs a {kind.__name__}, not {value!r}"
        setattr(self, f"_{name}", kind(value))

    return property(lambda self: getattr(self, f"_{name}"), assign, doc=kind.__doc__)


def _typed_property(name: str, kind: type, text: str) -> property:
    def assign(self: Any, value: Any) -> None:
        assert isinstance(value, kind), f"{name} needs a {kind.__name__}, not {value!r}"
        setattr(self, f"_{name}", value)

    return property(lambda self: getattr(self, f"_{name}"), assign, doc=text)


for _name, _kind in (
    ("history", HistoryPolicy),
    ("reliability", ReliabilityPolicy),
    ("durability", DurabilityPolicy),
    ("liveliness", LivelinessPolicy),
):
    setattr(QoSProfile, _name, _enum_property(_name, _kind))
for _name, _type, _text in (
    ("depth", int, "Samples kept under KEEP_LAST."),
    ("lifespan", Duration, "Age at which a sample is dropped."),
    ("deadline", Duration, "Longest time between samples."),
    ("liveliness_lease_duration", Duration, "Time without a sign of life after which a publisher counts as dead."),
    ("avoid_ros_namespace_conventions", bool, "Use the topic name as it is, without ROS prefixes."),
):
    setattr(QoSProfile, _name, _typed_property(_name, _type, _text))

qos_profile_unknown = QoSProfile(
    history=HistoryPolicy.UNKNOWN,
    depth=0,
    reliability=ReliabilityPolicy.UNKNOWN,
    durability=DurabilityPolicy.UNKNOWN,
    liveliness=LivelinessPolicy.UNKNOWN,
)
qos_profile_default = QoSProfile(depth=10)
qos_profile_system_default = QoSProfile(
    history=HistoryPolicy.SYSTEM_DEFAULT,
    depth=0,
    reliability=ReliabilityPolicy.SYSTEM_DEFAULT,
    durability=DurabilityPolicy.SYSTEM_DEFAULT,
)
qos_profile_sensor_data = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
qos_profile_services_default = QoSProfile(depth=10)
qos_profile_parameters = QoSProfile(depth=1000)
qos_profile_parameter_events = QoSProfile(depth=1000)
qos_profile_rosout_default = QoSProfile(
    depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL, lifespan=Duration(seconds=10)
)
qos_profile_action_status_default = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
qos_profile_best_available = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.BEST_AVAILABLE,
    durability=DurabilityPolicy.BEST_AVAILABLE,
    liveliness=LivelinessPolicy.BEST_AVAILABLE,
)


class QoSPresetProfiles(Enum):
    """The named profiles."""

    UNKNOWN = qos_profile_unknown
    DEFAULT = qos_profile_default
    SYSTEM_DEFAULT = qos_profile_system_default
    SENSOR_DATA = qos_profile_sensor_data
    SERVICES_DEFAULT = qos_profile_services_default
    PARAMETERS = qos_profile_parameters
    PARAMETER_EVENTS = qos_profile_parameter_events
    ACTION_STATUS_DEFAULT = qos_profile_action_status_default
    BEST_AVAILABLE = qos_profile_best_available

    @classmethod
    def short_keys(cls) -> list[str]:
        """The profiles' names in lower case."""
        return [name.lower() for name in cls.__members__]

    @classmethod
    def get_from_short_key(cls, name: str) -> QoSProfile:
        """The profile of a short name."""
        return cls[name.upper()].value


class QoSCompatibility(IntEnum):
    """Whether a publisher and a subscription can talk."""

    OK = 0
    WARNING = 1
    ERROR = 2


class _Compatibility(NamedTuple):
    compatibility: QoSCompatibility
    reason: str


def qos_check_compatible(publisher_qos: QoSProfile, subscription_qos: QoSProfile) -> _Compatibility:
    """Say whether a publisher's profile offers what a subscription's profile requests.

    Returns:
        ``(compatibility, reason)``.
    """
    problems = []
    if (publisher_qos.reliability, subscription_qos.reliability) == (
        ReliabilityPolicy.BEST_EFFORT,
        ReliabilityPolicy.RELIABLE,
    ):
        problems.append("Best effort publisher and reliable subscription")
    if (publisher_qos.durability, subscription_qos.durability) == (
        DurabilityPolicy.VOLATILE,
        DurabilityPolicy.TRANSIENT_LOCAL,
    ):
        problems.append("Volatile publisher and transient local subscription")
    if _limit(publisher_qos.deadline) > _limit(subscription_qos.deadline):
        problems.append("Publisher deadline is longer than the subscription's")
    if _limit(publisher_qos.liveliness_lease_duration) > _limit(subscription_qos.liveliness_lease_duration):
        problems.append("Publisher lease duration is longer than the subscription's")
    reason = ";".join(f"ERROR: {problem}" for problem in problems)
    return _Compatibility(QoSCompatibility.ERROR if problems else QoSCompatibility.OK, reason)


def _limit(duration: Duration) -> int:
    return duration.nanoseconds or Infinite.nanoseconds
