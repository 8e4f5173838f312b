"""Motion capture for the robots of one command: which body is whose, and a feed that runs while they fly."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hardware.mocap.feed import MOST_PER_S, PoseFeed
from hardware.mocap.source import create_source
from hardware.mocap.uri import MocapUri, parse_mocap_uri
from sim.errors import ConfigError

FIRST_POSE_S = 2.0
"""Longest wait for every robot's body before the checks say what is missing."""


def plan_mocap(uri: str | None, bodies: Sequence[str], robots: Sequence[str]) -> MocapUri | None:
    """Read the options before anything is opened.

    Args:
        uri: of ``--mocap``; ``None``: no motion capture.
        bodies: names of the robots' bodies, in the order of the robots.
        robots: their URIs.

    Raises:
        ConfigError: for a URI that names no system, a robot that takes no poses, or names that do not fit.
    """
    if uri is None:
        return None
    for robot in robots:
        if robot.partition("://")[0] not in ("radio", "usb", "udp"):
            raise ConfigError(f"--mocap: the robot at {robot} takes no poses; a Crazyflie does (radio, usb, udp)")
    if len(bodies) != len(robots) or len(set(bodies)) != len(bodies):
        raise ConfigError(f"--mocap: {len(robots)} robots need as many different bodies, not: {' '.join(bodies)}")
    return parse_mocap_uri(uri)


def default_bodies(count: int) -> tuple[str, ...]:
    """Return the names of bodies where none are given: cf1, cf2, ..."""
    return tuple(f"cf{number}" for number in range(1, count + 1))


@contextmanager
def motion_capture(
    uri: MocapUri | None, bodies: Sequence[str], links: Sequence[Any], most_per_s: float = MOST_PER_S
) -> Iterator[PoseFeed | None]:
    """Feed the links with the poses of their bodies; they are open.

    Args:
        uri: of ``plan_mocap``; ``None``: nothing happens.
        bodies: one per link.
        links: of Crazyflies.
        most_per_s: poses for each robot per second.

    Raises:
        LinkError: if the system does not answer.
        ConfigError: if a package that it needs is missing.
    """
    if uri is None:
        yield None
        return
    with PoseFeed(create_source(uri), uri.text, dict(zip(bodies, links)), most_per_s) as feed:
        for body, link in zip(bodies, links):
            link.external.expect(functools.partial(feed.verdict, body))
        feed.wait(FIRST_POSE_S)  # if it was in vain the checks say so
        yield feed
