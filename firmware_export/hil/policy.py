"""The policy on a microcontroller with the Python policy protocol, and the replay of whole sequences."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from firmware_export.hil.board import Board
from firmware_export.hil.emulator import NS_PER_INSTRUCTION_SHIFT, Emulator
from firmware_export.targets import load_target
from sim.errors import ConfigError, LinkError

TICKS_OVERFLOW = (1 << 32) - 1


class StepTooLongError(LinkError):
    """A step that the board's counter cannot measure; the step itself was right."""


class Stm32Policy:
    """A policy that runs on an STM32F405, emulated or real; use it as a context manager.

    Attributes:
        board: the connected board.
        state_size: length of one state.
        bundle_id: hexadecimal id the board's code carries.
    """

    def __init__(
        self, image: Path | str | None = None, *, port: str | None = None, count_instructions: bool = False
    ) -> None:
        """Start the emulator with ``image``, or open the real board at ``port``.

        Args:
            image: ELF file built for ``stm32f405``.
            port: of a real board that already runs it, ``/dev/ttyACM0`` or ``socket://HOST:PORT``.
            count_instructions: make ``instructions`` available (emulator only; slower).

        Raises:
            ConfigError: unless exactly one of ``image`` and ``port`` is given.
            ToolchainError: if QEMU is missing or does not start.
            LinkError: if nothing answers.
        """
        if (image is None) == (port is None):
            raise ConfigError("Stm32Policy: give either an image for the emulator or the port of a board")
        self._counts = count_instructions and image is not None
        self._target = load_target("stm32f405")
        with ExitStack() as stack:
            if image is not None:
                emulator = Emulator(self._target, image, count_instructions=count_instructions)
                port = stack.enter_context(emulator).port
            assert port is not None
            self.board = stack.enter_context(Board(port))
            self._stack = stack.pop_all()
        self.state_size = self.board.info.state_size
        self.bundle_id = self.board.info.bundle_id

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step of N independent policies, one after the other.

        Args:
            observation: (N, observation_size) float32.
            state: (N, state_size) float32.
            reset: (N,) bool.

        Returns:
            action (N, action_size) and the next state (N, state_size), float32.
        """
        answers = [
            self.board.steps(observation[i : i + 1], state[i], np.asarray(reset).reshape(-1)[i : i + 1])
            for i in range(len(observation))
        ]
        return np.concatenate([a.action for a in answers]), np.concatenate([a.state for a in answers])

    def replay(self, observation: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run whole sequences, many steps per frame; the board's own state goes from step to step.

        Args:
            observation: (sequences, steps, observation_size) float32.
            reset: (sequences, steps); each sequence should begin with a reset.

        Returns:
            action (sequences, steps, action_size) and state after each step (sequences, steps, state_size).
        """
        results = [self._replay_one(o, r) for o, r in zip(observation, np.asarray(reset) > 0.5)]
        return np.stack([action for action, _ in results]), np.stack([state for _, state in results])

    def _replay_one(self, observation: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = np.zeros(self.state_size, np.float32)
        size = self.board.info.steps_per_frame()
        actions, states = [], []
        for start in range(0, len(observation), size):
            part = slice(start, start + size)
            answer = self.board.steps(observation[part], state, reset[part])
            state = answer.state[-1]
            actions.append(answer.action)
            states.append(answer.state)
        return np.concatenate(actions), np.concatenate(states)

    def instructions(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> list[int]:
        """Return the instructions that each of N single steps takes.

        The emulated machine's clock advances 2^6 ns per instruction and its counter ticks at the processor clock.

        Raises:
            ConfigError: unless created with ``count_instructions`` and an image.
            StepTooLongError: if a step is longer than the 24-bit counter.
        """
        emulator = self._target.emulator
        if not self._counts or emulator is None:
            raise ConfigError("instruction counts need the emulator: Stm32Policy(image, count_instructions=True)")
        ticks_per_instruction = emulator.clock_hz * (1 << NS_PER_INSTRUCTION_SHIFT) / 1e9
        counts = []
        for o, s, r in zip(observation, state, np.asarray(reset).reshape(-1)):
            ticks = self.board.steps(o[None], s, np.array([r])).ticks
            if ticks == TICKS_OVERFLOW:
                raise StepTooLongError(
                    "the step is longer than the board's counter can measure (1.5 million instructions)"
                )
            counts.append(round(ticks / ticks_per_instruction))
        return counts

    def close(self) -> None:
        """Close the port and stop the emulator; safe to call twice."""
        self._stack.close()

    def __enter__(self) -> Stm32Policy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
