"""Figures: seeded fault scenarios over all virtual robots, each fault at a random time of a real run.

A scenario is a whole run (checks, start, mission, end) of the real host code, over the real
protocol where there is one, against a virtual robot that is told beforehand what will break and
when. It is safe if the run ends by itself, every fault the host saw reached its safe action
within the bundle's budget, the robot's own log says that its motors are off (or its joints damped)
at the end, and the host's log opens. ``sim://`` runs on simulated time, the others on the clock.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

SCENARIOS = 1000
CLOCK_WORKERS = 3
"""Runs on the clock at once: together they leave a core of two free, so that none waits for the computer."""
SIMULATED_NICENESS = 10
"""Runs on simulated time take what is left: nothing in them knows how long they take."""
REST_TIMEOUT_S = 25.0
"""Longest wait for a robot that nobody reaches any more to come to rest by itself."""

LINK = (
    *("link-loss", "packet-loss=60", "packet-loss=100", "delay=400"),
    *("bit-flips=30", "duplication=50", "reordering=50"),
)
BODY = (
    *("dead-motor=2", "low-battery", "battery-sag=1.5", "gyro-bias=300"),
    *("position-bias=4", "nan-estimate", "kick=110"),
)
LEGS = (
    *("dead-motor=3", "over-temperature", "low-battery", "battery-sag=20", "gyro-bias=600"),
    *("encoder-bias=20", "nan-state", "push=4", "remote-stop"),
)


@dataclass(frozen=True)
class Kind:
    """A virtual robot and what can break on it."""

    name: str
    share: float
    """Of all scenarios: those on the clock take as long as the flight, those on simulated time a second."""
    faults: tuple[str, ...]
    after: str
    """Event from which the fault's time counts."""
    window_s: float
    """The fault comes this long after it at most."""


KINDS = (
    Kind("sim", 0.70, ("link-loss", "state-stall", *BODY), "flying", 8.0),
    Kind("serial", 0.10, ("state-stall", "reboot", *LINK, *BODY), "flying", 4.0),
    Kind("crazyflie", 0.10, ("state-stall", "nan-policy", *LINK, *BODY), "flying", 4.0),
    Kind("humanoid", 0.10, ("state-stall", *LINK, *LEGS), "armed", 6.0),
)


@dataclass(frozen=True)
class Scenario:
    """One run."""

    robot: str
    fault: str
    """As the virtual robot's command line takes it, with its time."""
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What became of a scenario."""

    scenario: Scenario
    problem: str
    """Why it is not safe; empty if it is."""
    faults: tuple[str, ...]
    """What the host saw, in order."""
    worst_ms: float
    """Longest time from a fault to its safe action that the host saw; 0 without one."""
    seconds: float


def measure(repeats: int = 1, scenarios: int = SCENARIOS) -> dict[str, object]:
    """Return the figures; ``repeats`` is of no use: the scenarios are many already."""
    outcomes = run_all(make_scenarios(scenarios))
    unsafe = [outcome for outcome in outcomes if outcome.problem]
    show(outcomes, Console(highlight=False))
    return {
        "faults.scenarios": len(outcomes),
        "faults.safe": len(outcomes) - len(unsafe),
        "faults.worst_ms": max(outcome.worst_ms for outcome in outcomes),
        "faults.by_robot": [by_robot(kind.name, outcomes) for kind in KINDS],
        "faults.unsafe": [f"{outcome.scenario} {outcome.problem}" for outcome in unsafe],
    }


def by_robot(robot: str, outcomes: list[Outcome]) -> dict[str, object]:
    """Return the figures of one kind of robot."""
    own = [outcome for outcome in outcomes if outcome.scenario.robot == robot]
    safe = sum(not outcome.problem for outcome in own)
    worst_ms = max((outcome.worst_ms for outcome in own), default=0.0)
    return {"robot": robot, "scenarios": len(own), "safe": safe, "worst_ms": worst_ms}


def make_scenarios(count: int) -> list[Scenario]:
    """Return ``count`` scenarios, the same every time: robots by their share, each fault in turn."""
    rng = np.random.default_rng(0)
    scenarios = []
    for kind in KINDS:
        for number in range(max(round(kind.share * count), 1)):
            fault = kind.faults[number % len(kind.faults)]
            when = rng.uniform(0.0, kind.window_s)
            scenarios.append(Scenario(kind.name, f"{fault}@{kind.after}+{when:.3f}", number))
    return scenarios


def run_all(scenarios: list[Scenario]) -> list[Outcome]:
    """Run scenarios side by side, each told nothing of the others; those on the clock come first."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="sim2metal-faults-") as scratch,
        ProcessPoolExecutor(CLOCK_WORKERS, mp_context=context) as on_the_clock,
        ProcessPoolExecutor(1, mp_context=context, initializer=os.nice, initargs=(SIMULATED_NICENESS,)) as simulated,
    ):
        bundles = make_bundles(Path(scratch))
        pools = {"sim": simulated}
        tasks = [
            pools.get(scenario.robot, on_the_clock).submit(run_scenario, scenario, bundles[scenario.robot])
            for scenario in scenarios
        ]
        return [task.result() for task in track(as_completed(tasks), "scenarios", total=len(tasks))]


def make_bundles(folder: Path) -> dict[str, Path]:
    """Build the bundles that run, by robot."""
    from policies.pose import build_pose_bundle
    from tests.support.pd_policy import build_pd_bundle

    hover = build_pd_bundle(folder / "hover").path
    pose = build_pose_bundle(folder / "pose", episodes=1).path
    return {"sim": hover, "serial": hover, "crazyflie": hover, "humanoid": pose}


def run_scenario(scenario: Scenario, bundle: Path) -> Outcome:
    """Run one scenario and judge it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sim2metal-fault-") as scratch, Path(os.devnull).open("w") as nowhere:
        log = Path(scratch) / "run.mcap"
        os.dup2(nowhere.fileno(), 1)  # the verb talks to people; the table at the end is for them
        try:
            result, at_rest = _RUNNERS[scenario.robot](scenario, bundle, log)
            problem = _judge(result, at_rest, log, bundle)
        except Exception as error:  # noqa: BLE001 (whatever it was, this scenario is not safe, and the others go on)
            result, problem = {}, f"{type(error).__name__}: {str(error).splitlines()[0]}"
    faults = result.get("faults", [])
    worst = max((fault["safe_action_ms"] for fault in faults), default=0.0)
    names = tuple(fault["fault"] for fault in faults)
    return Outcome(scenario, problem, names, worst, time.monotonic() - began)


def _judge(result: dict[str, Any], at_rest: bool, log: Path, bundle: Path) -> str:
    from hardware.log_reader import read_log
    from policies.bundle import load_bundle

    budget_ms = 1e3 * load_bundle(bundle).info.limits.fault_budget_s
    late = [fault for fault in result["faults"] if fault["safe_action_ms"] > budget_ms]
    if late:
        return f"{late[0]['fault']} reached its safe action after {late[0]['safe_action_ms']:.0f} ms"
    if not at_rest:
        return "the robot did not come to rest"
    if not read_log(log)["complete"]:
        return "the log is not whole"
    return ""


def _deploy(bundle: Path, uri: str, log: Path, **options: Any) -> dict[str, Any]:
    """Run the verb; return the figures of the run, whether it was completed or aborted."""
    from hardware import deploy
    from sim.errors import FlightAbortedError

    args = deploy.Args(bundle, uri=uri, log=log, hold=3.0, dwell=0.8, settle=0.3, **options)
    try:
        result = deploy.run(args)
    except FlightAbortedError as error:
        result = getattr(error, "result", {})
    return result.get("flight") or result["run"]


def _sim(scenario: Scenario, bundle: Path, log: Path) -> tuple[dict[str, Any], bool]:
    from hardware.virtual.sim_link import SimLink

    robots = []
    SimLink.close = lambda self: robots.append(self.robot)  # type: ignore[method-assign]
    result = _deploy(bundle, f"sim://crazyflie?seed={scenario.seed}&fault={scenario.fault}", log)
    robots[-1].advance(round(1000 * REST_TIMEOUT_S))
    return result, not robots[-1].supervisor.armed and not any(robots[-1].motors)


def _process(robot: str, at_rest: Callable[[dict[str, Any]], bool], *options: str, **run: Any) -> Callable[..., Any]:
    def runner(scenario: Scenario, bundle: Path, log: Path) -> tuple[dict[str, Any], bool]:
        from hardware.virtual.process import VirtualProcess

        own = ["--bundle", str(bundle)] if robot == "crazyflie" else []
        arguments = [*own, *options, "--seed", str(scenario.seed), "--fault", *_lowered(robot), scenario.fault]
        uri = f"dds://lo?domain={os.getpid() % 200 + 20}" if robot == "humanoid" else None
        with VirtualProcess(robot, uri, arguments) as virtual:
            result = _deploy(bundle, virtual.uri, log, **run)
            deadline = time.monotonic() + REST_TIMEOUT_S
            while not (rested := at_rest(virtual.events())) and time.monotonic() < deadline:
                time.sleep(0.2)
        return result, rested

    return runner


def _lowered(robot: str) -> list[str]:
    """A humanoid starts on the crane, as a real one, and is let down when its pose is taken."""
    return ["lower@armed+2.5"] if robot == "humanoid" else []


def _multirotor_rests(events: dict[str, Any]) -> bool:
    motors = [event["event"] for event in events["events"] if event["event"] in ("motors_on", "motors_off")]
    return bool(events["on_ground"]) and motors[-1:] != ["motors_on"]  # none at all: given up before it took off


def _humanoid_rests(events: dict[str, Any]) -> bool:
    ends = ("commanded_damp", "motors_off", "watchdog_damp")
    states = [event["event"] for event in events["events"] if event["event"] in (*ends, "stiff", "commands_back")]
    if not states:  # refused or given up before it was taken over: it never moved
        return all(event["event"] != "armed" for event in events["events"])
    return states[-1] in ends


_RUNNERS: dict[str, Callable[..., tuple[dict[str, Any], bool]]] = {
    "sim": _sim,
    "serial": _process("serial", _multirotor_rests, arm=True),
    "crazyflie": _process("crazyflie", _multirotor_rests),
    "humanoid": _process("humanoid", _humanoid_rests, "--hang"),
}


def show(outcomes: list[Outcome], console: Console) -> None:
    """Print a line per robot and fault: how often, how often safe, what the host called it, the slowest reaction."""
    table = Table("robot", "fault", "runs", "safe", "seen first as", "worst, ms", title="fault scenarios")
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.scenario.robot, outcome.scenario.fault.split("@")[0]), []).append(outcome)
    for (robot, fault), group in sorted(groups.items()):
        seen = Counter(outcome.faults[0] if outcome.faults else "nothing" for outcome in group)
        safe = sum(not outcome.problem for outcome in group)
        worst = max(outcome.worst_ms for outcome in group)
        names = ", ".join(f"{name} {count}" for name, count in seen.most_common(3))
        table.add_row(robot, fault, str(len(group)), str(safe), names, f"{worst:.0f}")
    console.print(table)
    for outcome in outcomes:
        if outcome.problem:
            console.print(f"[red]not safe[/] {outcome.scenario}: {outcome.problem}")


if __name__ == "__main__":
    import sys

    print(json.dumps(measure(scenarios=int(sys.argv[1]) if len(sys.argv) > 1 else SCENARIOS), indent=2))
