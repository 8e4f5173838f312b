"""Figures: what int8 costs in flight for shapes that are not trained to hover here: they learn it from the one that is.

Two students copy the trained hover policy (dataset aggregation: Ross, Gordon and Bagnell, 2011): they fly, the
teacher says what it would have done. Both see the teacher's features and keep its hand-made memory; one is a
512-256-128 network with ELU, one a gated recurrent unit of 64 (on the bare observation, such a unit did not learn to
hover in two CPU-minutes). Then each is exported in int8 and flown against itself in float through the same episodes.
"""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from policies.build import build_bundle
from policies.bundle import Bundle, load_bundle
from policies.evaluator import Evaluator
from policies.networks.flight_features import feature_size
from policies.networks.memory_mlp import MemoryMlp, MemoryMlpConfig
from policies.policy import Policy
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.envs.task import load_flight_task
from sim.registry import load_task
from tests.bench.verb import run_verb

OBSERVATION_SIZE, STATE_SIZE, ACTION_SIZE = 22, 25, 4
FEATURE_SIZE = feature_size(ACTION_SIZE)
"""Of the teacher, which holds a set-point by four motors."""
EPISODES = 2000
"""Flown for each figure, so that the few flights at the edge of success count little."""
LEAST_SUCCESS = 0.9
"""Of a student in float; below it nothing was learned and int8 cannot lose it."""
LESSONS = 3
PUPILS = 256
"""Airframes per lesson."""
BATCH = 1024
PIECES, PIECE = 192, 32
"""Pieces of flights per batch, and their steps."""
UNITS = 64
LEARNING_RATE = 2e-3


class Student(MemoryMlp):
    """The teacher's features and memory, for other layers than its own."""

    def __init__(self, config: MemoryMlpConfig) -> None:
        super().__init__(config)
        del self.layer1, self.layer2, self.layer3

    def start_at_hover(self, last: nn.Linear) -> None:
        """Begin from random weights: the teacher says where hover is."""

    def config(self) -> dict[str, Any]:
        """Return what it is, for the bundle."""
        return {**super().config(), "kind": type(self).__name__}

    def bounded_features(self, observation: Tensor, memory: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features (batch, 41), which no input drives into rounding errors, and the memory."""
        history, after = self.remember(observation, memory, reset)
        features = (self.features(observation, history, after) - self.feature_offset) * self.feature_scale
        return 4.0 * torch.tanh(0.25 * features), after


class WideStudent(Student):
    """512-256-128 with ELU."""

    def __init__(self, config: MemoryMlpConfig) -> None:
        super().__init__(config)
        sizes, layers = (FEATURE_SIZE, 512, 256, 128), []
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ELU()]
        self.layers = nn.Sequential(*layers, nn.Linear(128, ACTION_SIZE))

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step; shapes as the teacher's."""
        features, state_out = self.bounded_features(observation, state_in, reset)
        return 0.5 + 0.5 * torch.tanh(self.layers(features)), state_out


class RecurrentStudent(Student):
    """A gated recurrent unit of 64; ``reset`` clears its state, which follows the memory (25 + 64)."""

    def __init__(self, config: MemoryMlpConfig) -> None:
        super().__init__(config)
        self.state_size = STATE_SIZE + UNITS
        self.cell = nn.GRUCell(FEATURE_SIZE, UNITS)
        self.head = nn.Linear(UNITS + FEATURE_SIZE, ACTION_SIZE)

    @property
    def state_scale(self) -> list[float]:
        """Typical magnitude of each state element."""
        return [*super().state_scale, *[1.0] * UNITS]

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step; shapes as the teacher's, but for the state."""
        features, memory = self.bounded_features(observation, state_in[:, :STATE_SIZE], reset)
        before = state_in[:, STATE_SIZE:]
        hidden = self.cell(features, torch.where(reset > 0.5, torch.zeros_like(before), before))
        return self.command(hidden, features), torch.cat([memory, hidden], dim=1)

    def command(self, hidden: Tensor, features: Tensor) -> Tensor:
        """Return commands from the unit's state and what it saw; leading axes are kept."""
        return 0.5 + 0.5 * torch.tanh(self.head(torch.cat([hidden, features], dim=-1)))

    def sequence(self, observation: Tensor, memory: Tensor) -> Tensor:
        """Return commands (flights, steps, 4) from a cleared unit; the memory before every step is given."""
        flights, steps, _ = observation.shape
        flat = observation.reshape(-1, OBSERVATION_SIZE), memory.reshape(-1, STATE_SIZE)
        features = self.bounded_features(*flat, torch.zeros(len(flat[0]), 1))[0].reshape(flights, steps, -1)
        weights = [self.cell.weight_ih, self.cell.weight_hh, self.cell.bias_ih, self.cell.bias_hh]
        start = torch.zeros(1, flights, UNITS)
        hidden, _ = torch._VF.gru(features, start, weights, True, 1, 0.0, False, False, True)
        return self.command(hidden, features)


@dataclass
class Lesson:
    """Flights of one driver with what the teacher would have done at every step; first axes (steps, pupils)."""

    teacher: Policy
    driver: Policy
    observation: list[np.ndarray] = field(default_factory=list)
    memory: list[np.ndarray] = field(default_factory=list)
    action: list[np.ndarray] = field(default_factory=list)

    @property
    def state_size(self) -> int:
        """The teacher's memory, then the driver's."""
        return self.teacher.state_size + self.driver.state_size

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Let the driver fly and the teacher comment."""
        ours, theirs = np.split(state, [self.teacher.state_size], axis=1)
        right, after = self.teacher.step(observation, ours, reset)
        action, next_state = self.driver.step(observation, theirs, reset)
        self.observation.append(observation.copy())
        self.memory.append(ours.copy())
        self.action.append(right)
        return action, np.concatenate([after, next_state], axis=1)


def measure(repeats: int = 1, episodes: int = EPISODES) -> dict[str, object]:
    """Train the teacher and both students and return what int8 costs each of them in flight.

    Args:
        repeats: ignored; training and flights repeat exactly.
        episodes: flown with float and with int8.
    """
    from firmware_export.closed_loop import closed_loop_task, fly_both
    from firmware_export.host import HostPolicy, build_library
    from firmware_export.int8 import int8_c
    from firmware_export.policy_source import bundle_source

    torch.set_num_threads(1)
    figures: dict[str, object] = {"int8.episodes": episodes}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        run_verb(scratch / "train.json", "train", "hover", "--seed", "0", "--out", str(scratch / "run"))
        teacher = load_bundle(scratch / "run" / "bundle")
        bundles = {
            "mlp64": teacher,
            "mlp512": teach(WideStudent(_config(teacher)), teacher, scratch / "wide"),
            "gru64": teach(RecurrentStudent(_config(teacher)), teacher, scratch / "recurrent"),
        }
        for key, bundle in bundles.items():
            folder = scratch / key
            folder.mkdir()
            int8 = int8_c(bundle_source(bundle))
            for file, text in int8.generated.files.items():
                (folder / file).write_text(text)
            task = closed_loop_task(bundle)
            assert task is not None
            flown = fly_both(bundle, task, HostPolicy(build_library(folder, folder / "policy.so")), episodes)
            figures |= {f"{key}.int8.{name}": value for name, value in _flat(int8.to_json(flown)).items()}
    return figures


def _flat(figures: dict[str, Any]) -> dict[str, Any]:
    """Return all figures in one dictionary; a policy that cannot fly in float has no loss to speak of."""
    flights = figures.pop("closed_loop")
    if flights["success_float"] < LEAST_SUCCESS:
        flights["success_loss"] = None
    return {**flights, **figures}


def teach(student: Any, teacher: Bundle, path: Path, lessons: int = LESSONS, pupils: int = PUPILS) -> Bundle:
    """Train a student on the teacher's comments to its own flights and save it as a bundle."""
    torch.manual_seed(0)
    guide, task = OnnxPolicy(teacher), load_flight_task("hover")
    heard: list[Lesson] = []
    for number in range(lessons):
        lesson = Lesson(guide, guide if number == 0 else TorchPolicy(student))
        evaluator = Evaluator(task, pupils, seed=number, table=task.TRAINING_TABLE)
        evaluator(lesson)
        heard.append(lesson)
        learn = _learn_sequences if isinstance(student, RecurrentStudent) else _learn_steps
        learn(student, heard)
    return build_bundle(path, student, load_task("hover"), 0, {"taught_by": teacher.id}, {})


def _config(teacher: Bundle) -> MemoryMlpConfig:
    settings = {key: value for key, value in teacher.info.network.items() if key != "kind"}
    return MemoryMlpConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()})


def _learn_steps(student: WideStudent, heard: list[Lesson], iterations: int = 1500) -> None:
    """Regress on single steps: the memory is the teacher's."""
    rows = [
        np.concatenate([part.reshape(-1, part.shape[-1]) for part in getattr(lesson, name)])
        for name in ("observation", "memory", "action")
        for lesson in [_joined(heard)]
    ]
    observation, memory, action = (torch.from_numpy(part) for part in rows)

    def loss(generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(action), (BATCH,), generator=generator)
        reset = torch.zeros(BATCH, 1)
        return nn.functional.mse_loss(student(observation[chosen], memory[chosen], reset)[0], action[chosen])

    _descend(student, loss, iterations)


def _learn_sequences(student: RecurrentStudent, heard: list[Lesson], iterations: int = 700) -> None:
    """Regress on short pieces of flights, so that the unit learns what to remember."""
    lesson = _joined(heard)
    pupils = min(map(len, lesson.action))  # draws that cannot hover are left out of a lesson
    parts = (lesson.observation, lesson.memory, lesson.action)
    observation, memory, action = (torch.from_numpy(np.stack([row[:pupils] for row in part])) for part in parts)

    def loss(generator: torch.Generator) -> Tensor:
        start = torch.randint(len(action) - PIECE, (PIECES,), generator=generator)
        pupil = torch.randint(pupils, (PIECES,), generator=generator)
        steps = start[:, None] + torch.arange(PIECE)
        answer = student.sequence(observation[steps, pupil[:, None]], memory[steps, pupil[:, None]])
        return nn.functional.mse_loss(answer, action[steps, pupil[:, None]])

    _descend(student, loss, iterations)


def _joined(heard: list[Lesson]) -> Lesson:
    first = heard[0]
    lesson = Lesson(first.teacher, first.driver)
    for other in heard:
        lesson.observation += other.observation[1:]  # on the first step the memory is still the caller's zeros
        lesson.memory += other.memory[1:]
        lesson.action += other.action[1:]
    return lesson


def _descend(student: nn.Module, loss: Any, iterations: int) -> None:
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(student.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)
    for _ in range(iterations):
        optimizer.zero_grad()
        value = loss(generator)
        value.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()


if __name__ == "__main__":
    import sys

    for key, value in measure(episodes=int(sys.argv[1]) if len(sys.argv) > 1 else EPISODES).items():
        sys.stdout.write(f"{key}: {value}\n")
