"""What a Crazyflie says of itself, asked for anew: parameters, firmware version, whether it may fly."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from cflib.crazyflie import Crazyflie
from cflib.crtp.crtpstack import CRTPPacket, CRTPPort

from hardware.crazyflie import names
from hardware.crazyflie.guard import ExactLogConfig
from sim.errors import LinkError

ANSWER_S = 2.0
"""Longest wait for one answer."""
_TRIES = 3
_VERSION_CHANNEL, _FIRMWARE_VERSION = 1, 1
"""Of the platform port (cflib 0.1.34, ``platformservice.py``)."""
IS_AUTO_ARMED = 1 << 2
IS_FLYING = 1 << 4
"""Further bits of supervisor.info (crazyflie-firmware ``supervisor.c``)."""
_INFO_PERIOD_MS = 50


@dataclass(frozen=True)
class OnBoard:
    """The policy on board.

    Attributes:
        bundle_id: hexadecimal; ``None`` if the firmware carries no policy.
        version: of the firmware, as it names itself; empty if it does not.
        self_test: whether its golden self-test passed; ``None`` if it does not say.
    """

    bundle_id: str | None
    version: str
    self_test: bool | None


def read_on_board(crazyflie: Crazyflie) -> OnBoard:
    """Ask what is on board.

    Raises:
        LinkError: if the robot stops answering.
    """
    bundle_id = None
    if _has(crazyflie, names.BUNDLE_ID_PARAMS[0]):
        words = read_parameters(crazyflie, names.BUNDLE_ID_PARAMS)
        bundle_id = "".join(f"{int(word):08x}" for word in words) if any(words) else None
    self_test = None
    if _has(crazyflie, names.SELF_TEST_PARAM):
        self_test = read_parameters(crazyflie, (names.SELF_TEST_PARAM,))[0] == 1.0
    return OnBoard(bundle_id, read_version(crazyflie), self_test)


def read_parameters(crazyflie: Crazyflie, wanted: Sequence[str]) -> list[float]:
    """Return parameters as they are now: cflib keeps what they were at the beginning.

    Raises:
        LinkError: if there is no such parameter, or no answer.
    """
    return [_read_parameter(crazyflie, name) for name in wanted]


def _read_parameter(crazyflie: Crazyflie, name: str) -> float:
    group, _, variable = name.partition(".")
    arrived = threading.Event()
    values: list[float] = []

    def on_update(_name: str, text: str) -> None:
        values.append(float(text))
        arrived.set()

    crazyflie.param.add_update_callback(group, variable, on_update)
    try:
        for _ in range(_TRIES):
            crazyflie.param.request_param_update(name)
            if arrived.wait(ANSWER_S):
                return values[-1]
    except (KeyError, AttributeError) as error:
        raise LinkError(f"{crazyflie.link_uri}: the firmware has no parameter {name}") from error
    finally:
        crazyflie.param.remove_update_callback(group, variable, on_update)
    raise LinkError(f"{crazyflie.link_uri}: parameter {name} does not arrive; try again")


def read_version(crazyflie: Crazyflie) -> str:
    """Return the firmware's version as it names itself, empty if it does not answer."""
    arrived = threading.Event()
    texts: list[str] = []

    def on_packet(packet: CRTPPacket) -> None:
        if packet.channel == _VERSION_CHANNEL and bytes(packet.data[:1]) == bytes((_FIRMWARE_VERSION,)):
            raw = bytes(packet.data[1:]).partition(b"\0")[0].decode("ascii", "replace")
            texts.append("".join(letter for letter in raw if letter.isprintable()))
            arrived.set()

    request = CRTPPacket()
    request.set_header(CRTPPort.PLATFORM, _VERSION_CHANNEL)
    request.data = (_FIRMWARE_VERSION,)
    crazyflie.add_port_callback(CRTPPort.PLATFORM, on_packet)
    try:
        for _ in range(_TRIES):
            crazyflie.send_packet(request)
            if arrived.wait(ANSWER_S / _TRIES):
                return texts[-1]
    finally:
        crazyflie.remove_port_callback(CRTPPort.PLATFORM, on_packet)
    return ""


def read_supervisor(crazyflie: Crazyflie) -> int:
    """Return the supervisor's bit field (``names.IS_ARMED`` and others).

    Raises:
        LinkError: if the firmware does not say.
    """
    arrived = threading.Event()
    seen: list[int] = []

    def on_data(_robot_ms: int, data: dict[str, int], _block: object) -> None:
        seen.append(int(data[names.SUPERVISOR_LOG]))
        arrived.set()

    block = ExactLogConfig("s2m_supervisor", _INFO_PERIOD_MS)
    block.add_variable(names.SUPERVISOR_LOG, "uint16_t")
    block.data_received_cb.add_callback(on_data)
    try:
        crazyflie.log.add_config(block)
        block.start()
    except (KeyError, AttributeError) as error:
        raise LinkError(f"{crazyflie.link_uri}: the firmware has no {names.SUPERVISOR_LOG}; update it") from error
    try:
        if not arrived.wait(ANSWER_S):
            raise LinkError(f"{crazyflie.link_uri}: the robot does not say whether it flies; try again")
    finally:
        block.delete()
    return seen[-1]


def _has(crazyflie: Crazyflie, name: str) -> bool:
    group, _, variable = name.partition(".")
    return variable in crazyflie.param.values.get(group, {})
