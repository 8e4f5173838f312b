"""Weights of a bundle as the beginning of another training: a policy is fine-tuned in a fraction of the time.

A bundle's graph holds its weights under the names that torch gives them, so that no file beside it is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from policies.bundle import Bundle, load_bundle
from policies.export_onnx import rebuild_torch
from policies.networks import build
from policies.networks.flight_features import FlightFeatures
from policies.provenance import plain
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.spec import PolicySpec

_OF_THE_AIRFRAME = ("hover",)
"""Settings of a network that belong to who flies: another nominal command is what its weights then depart from."""


def load_start(path: Path, task: FlightTask, actor: FlightFeatures) -> Bundle:
    """Copy a bundle's weights into an actor that is to be trained further; return the bundle.

    Args:
        path: of the bundle.
        task: what the actor is to learn.
        actor: of the task; changed in place.

    Raises:
        BundleError: if the bundle cannot be read.
        ConfigError: if it sees, commands or computes something else than the actor does.
    """
    bundle = matching_bundle(path, task.TASK, cast(Any, actor).config())
    actor.load_state_dict(rebuild_torch(bundle).state_dict())
    return bundle


def matching_bundle(path: Path, wanted: PolicySpec, network: dict[str, Any]) -> Bundle:
    """Return a bundle whose weights fit a network that is to be trained.

    Args:
        path: of the bundle.
        wanted: what is to be learnt.
        network: settings of the network.

    Raises:
        BundleError: if the bundle cannot be read.
        ConfigError: if it sees, commands or computes something else.
    """
    bundle = load_bundle(path)
    given = bundle.info
    _require(path, "commands", given.action.level, wanted.action.level)
    _require(path, "sees", _names(given.observation), _names(wanted.actor_terms))
    if wanted.action.level == "joint_position":  # (weights belong to joints, in their order)
        _require(path, "moves", ", ".join(given.action.names), ", ".join(wanted.action.names))
    # Settings that the network did not have when the bundle was made are those of today's default.
    before = cast(Any, build(given.network)).config()
    before, now = (_settings(each) for each in (before, network))
    for name in sorted({*before, *now}):
        _require(path, f"has the network setting '{name}'", before.get(name), now.get(name))
    return bundle


def _names(terms: tuple) -> str:
    return ", ".join(f"{term.name} ({term.size})" for term in terms)


def _settings(settings: dict) -> dict:
    return {name: plain(value) for name, value in settings.items() if name not in _OF_THE_AIRFRAME}


def _require(path: Path, what: str, given: object, wanted: object) -> None:
    if given != wanted:
        raise ConfigError(
            f"--start-from {path}: it {what} {given}, this training {wanted}; give the same settings as the bundle's"
            " training, or begin with random weights"
        )
