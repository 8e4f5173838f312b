"""Send weights to a robot over a link that loses, repeats, reorders and damages packets.

Every request is answered with the robot's whole state, and repeating one changes nothing. So: ask until
answered; send a few packets ahead; where the robot's answers stop advancing, go back to what it has.
Nothing is believed but an answer that the image of this very checksum is in use.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from hardware.crazyflie.weights_packets import (
    BEGIN,
    CHUNK,
    COMMIT,
    DATA,
    DROP,
    STATUS,
    Answer,
    Error,
    State,
    begin_request,
    commit_request,
    data_request,
    decode_answer,
    drop_request,
    status_request,
)
from policies.weights_image import WeightsImage
from sim.errors import BundleError, FlightRefusedError, LinkError, VerificationError

WINDOW = 6
"""Packets on their way at once; the firmware queues ten (crazyflie-firmware, ``app_channel.c``). After a loss there are
fewer: a link that drops all but the last packet of a burst must get through, too."""
ANSWER_S = 0.15
"""A request unanswered for this long is repeated."""
PATIENCE_S = 5.0
"""Longest time without any progress."""
ROUNDS = 3
"""How often the image is sent again from the start, because it was damaged on its way or displaced by another."""

Progress = Callable[[int, int], None]
"""Called with the bytes on board and of the image."""


class Channel(Protocol):
    """Packets to and from the app on board."""

    def send(self, packet: bytes) -> None:
        """Send one packet of up to 30 bytes; it may get lost."""
        ...

    def receive(self, timeout_s: float) -> bytes | None:
        """Return the next packet, ``None`` if none comes in time."""
        ...


class Uploader:
    """Talks to one robot.

    Args:
        channel: to its app.
        clock: seconds, monotonic.
        patience_s: longest time without any progress.
    """

    def __init__(
        self, channel: Channel, clock: Callable[[], float] = time.monotonic, patience_s: float = PATIENCE_S
    ) -> None:
        self._channel, self._clock, self._patience_s = channel, clock, patience_s

    def status(self) -> Answer:
        """Return what the robot has.

        Raises:
            LinkError: if nothing on board answers.
        """
        return self._ask(status_request(), STATUS)

    def drop(self) -> Answer:
        """Have the weights in flash flown again.

        Raises:
            FlightRefusedError: if the robot is armed.
            LinkError: if nothing on board answers.
        """
        answer = self._ask(drop_request(), DROP)
        _refuse(answer)
        return answer

    def upload(self, image: WeightsImage, progress: Progress = lambda done, total: None) -> Answer:
        """Send an image and have it taken over; one that is there already is not sent again.

        Args:
            image: weights and golden steps.
            progress: told how far it is.

        Returns:
            The robot's word that this image is in use.

        Raises:
            BundleError: if it is too large or for another network; nothing was sent then.
            FlightRefusedError: if the robot is armed.
            VerificationError: if the robot refuses the weights: it flies those in flash again.
            LinkError: if it stops answering.
        """
        require_fitting(image, self.status())
        for _ in range(ROUNDS):
            answer = self._begin(image)
            if answer.state != State.ACTIVE:
                if not self._send(image.data, answer, progress):
                    continue  # another upload took its place
                answer = self._commit(answer.session)
            if answer.state == State.ACTIVE and answer.crc == image.crc:
                progress(len(image.data), len(image.data))
                return answer
            if answer.error not in _DAMAGED:
                _refuse(answer)
        raise LinkError(f"the weights arrived damaged or displaced {ROUNDS} times; {CLOSER}")

    def _begin(self, image: WeightsImage) -> Answer:
        request = begin_request(len(image.data), image.crc, image.architecture)
        answer = self._ask(request, BEGIN, lambda answer: answer.error != Error.NONE or answer.crc == image.crc)
        _refuse(answer)
        return answer

    def _commit(self, session: int) -> Answer:
        request = commit_request(session)
        return self._ask(request, COMMIT, lambda a: a.session == session or a.error == Error.SESSION)

    def _send(self, data: bytes, begun: Answer, progress: Progress) -> bool:
        """Send what the robot lacks; returns whether all is there."""
        there = following = begun.received
        went_back_to, window, held = -1, WINDOW, False
        deadline = self._clock() + self._patience_s
        while there < len(data):
            while following < min(there + window * CHUNK, len(data)):
                self._channel.send(data_request(begun.session, following, data[following : following + CHUNK]))
                following += CHUNK
            answer = self._receive(
                lambda a: a.command == DATA and (a.session == begun.session or a.error != Error.NONE)
            )
            if answer is None:
                following, went_back_to, window = there, -1, 1
            elif answer.error == Error.SESSION:
                return False
            elif answer.error in (Error.GAP, Error.BUSY):
                held = answer.error == Error.BUSY
                if went_back_to != there:  # once: what was on its way behind the gap is answered alike
                    following = went_back_to = there
                    window = max(window // 2, 1)
            else:
                _refuse(answer)
                held = False
                if answer.received > there:
                    there, deadline = answer.received, self._clock() + self._patience_s
                    window = min(window + 1, WINDOW)
                    following = max(following, there)
                    progress(there, len(data))
            if self._clock() > deadline:
                raise LinkError(HELD) if held else self._silence()
        return True

    def _ask(self, request: bytes, command: int, expected: Callable[[Answer], bool] = lambda answer: True) -> Answer:
        """Repeat a request until it is answered."""
        deadline = self._clock() + self._patience_s
        while self._clock() < deadline:
            self._channel.send(request)
            answer = self._receive(lambda a: a.command == command and expected(a))
            if answer is not None:
                return answer
        raise self._silence()

    def _receive(self, wanted: Callable[[Answer], bool]) -> Answer | None:
        deadline = self._clock() + ANSWER_S
        while (left := deadline - self._clock()) > 0.0:
            packet = self._channel.receive(left)
            answer = None if packet is None else decode_answer(packet)
            if answer is not None and wanted(answer):
                return answer
        return None

    def _silence(self) -> LinkError:
        return LinkError(
            f"no answer about weights within {self._patience_s:g} s: the firmware on board takes none by radio (flash "
            f"a whole image that does, see docs/firmware-crazyflie.md), or the link is bad ({CLOSER})"
        )


HELD = "the controller on board does not let go of its weights: select it (stabilizer.controller 6) and disarm"
CLOSER = "move the radio closer and try again"
_DAMAGED = (Error.CHECKSUM, Error.SESSION, Error.INCOMPLETE)
"""Faults of the way, not of the weights."""


def require_fitting(image: WeightsImage, robot: Answer) -> None:
    """Refuse an image that the robot would refuse.

    Raises:
        BundleError: saying what differs, with the bytes needed.
    """
    image.require_fitting()
    if len(image.data) > robot.size:
        raise BundleError(
            f"these weights need {len(image.data):,} B, the bank on board has {robot.size:,} B: it is for another "
            "network; flash the whole image"
        )
    if image.architecture != robot.architecture or len(image.data) != robot.size:
        raise BundleError(
            f"these weights are for architecture {image.architecture.hex()}, the firmware on board has "
            f"{robot.architecture.hex()} (network, limits, control period or generator differ); flash the whole image"
        )


def _refuse(answer: Answer) -> None:
    """Raise what the robot's refusal means.

    Raises:
        FlightRefusedError: armed.
        BundleError: for other firmware.
        VerificationError: the self-test on board.
        LinkError: what a healthy link never has it say.
    """
    if answer.error == Error.NONE:
        return
    if answer.error == Error.ARMED:
        raise FlightRefusedError("the robot is armed: land and disarm it, only then it takes weights")
    if answer.error in (Error.SIZE, Error.ARCHITECTURE):
        raise BundleError(f"the robot refuses the weights: its firmware has {answer.size:,} B of another network")
    if answer.error == Error.SELF_TEST:
        raise VerificationError(
            f"the robot refuses the weights: {answer.wrong} values of their golden self-test are wrong on board, by up "
            f"to {answer.self_test_error:.1e} of their range; it flies those in flash again"
        )
    raise LinkError(f"the robot refuses the upload ({answer.error.name.lower()}); {CLOSER}")
