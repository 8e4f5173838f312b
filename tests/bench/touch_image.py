"""How fast tactile pictures are rendered: pictures per CPU-second, one thread, from poses and forces to colours.

Every object, one of them a mesh, presses at places and with loads of its own, is moved sideways and turned. A picture
is everything: heights, skin, shadows, look-up and moved markers; the force field that moves them is there already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.kernel import best_cpu_seconds

PAD = "gelsight_mini"
"""320 x 240, as the goal says."""
FRAMES = 8
"""Of each object."""
POLICY_SIZE = (60, 80)
"""Rows and columns of a policy's pictures, held as the pad's are."""


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return pictures per CPU-second, each the best of ``repeats`` timings.

    ``image.frames_per_cpu_s`` is over all objects, as many pictures of each; ``image.object_frames_per_cpu_s`` says it
    for each; ``image.plain_frames_per_cpu_s`` is without shadows and markers, ``image.policy_frames_per_cpu_s`` that
    of 80 x 60 with both, ``image.augmented_frames_per_cpu_s`` what augmenting those takes on top.
    """
    from sim.tactile.lights import NOMINAL
    from sim.tactile.markers import Markers
    from sim.tactile.pads import load_pad

    camera = load_pad(PAD).camera
    assert camera is not None
    effects = {"shadows": NOMINAL, "markers": Markers.fitted(camera)}
    whole = {name: best_cpu_seconds(render, repeats) / FRAMES for name, render in _renders(effects).items()}
    plain = [best_cpu_seconds(render, repeats) / FRAMES for render in _renders({}).values()]
    small = [best_cpu_seconds(r, repeats) / FRAMES for r in _renders({**effects, "size": POLICY_SIZE}).values()]
    return {
        "image.frames_per_cpu_s": 1.0 / float(np.mean(list(whole.values()))),
        "image.object_frames_per_cpu_s": {name: 1.0 / seconds for name, seconds in whole.items()},
        "image.plain_frames_per_cpu_s": 1.0 / float(np.mean(plain)),
        "image.policy_frames_per_cpu_s": 1.0 / float(np.mean(small)),
        "image.augmented_frames_per_cpu_s": 1.0 / _augment_seconds(repeats),
    }


def _renders(options: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Return one function for each object that renders its ``FRAMES`` pictures."""
    from sim.tactile.image import TactileCamera
    from sim.tactile.objects import OBJECTS, Held
    from sim.tactile.pads import load_pad

    pad = load_pad(PAD)
    renders = {}
    for name, held in {**OBJECTS, "mesh": Held(_globe())}.items():
        positions, quaternions, field = _pressed(pad, held)
        seen = TactileCamera(pad, [held.shape], FRAMES, **options)
        renders[name] = lambda seen=seen, p=positions, q=quaternions, f=field: seen.render(p, q, f)
        renders[name]()  # compiles
    return renders


def _globe() -> Any:
    """Return the ball as a mesh of 1520 triangles."""
    from sim.tactile.mesh import Mesh

    rings, segments = 20, 40
    down, around = np.meshgrid(
        np.linspace(0.0, np.pi, rings + 1)[1:-1], np.arange(segments) / segments * 2.0 * np.pi, indexing="ij"
    )
    side = [np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)]
    vertices = 4e-3 * np.vstack([[[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]], np.stack(side, axis=-1).reshape(-1, 3)])
    faces = []
    for column in range(segments):
        here, beside = 2 + column, 2 + (column + 1) % segments
        last = (rings - 2) * segments
        faces += [[0, here, beside], [1, beside + last, here + last]]
        for ring in range(0, last, segments):
            a, b, c, d = here + ring, beside + ring, here + ring + segments, beside + ring + segments
            faces += [[a, c, d], [a, d, b]]
    return Mesh.from_triangles("globe", vertices, faces)


def _pressed(pad: Any, held: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return positions, quaternions and the force field of presses with 0.5 to 3 N."""
    from sim.tactile.field import ForceField
    from sim.tactile.press import press

    random = np.random.default_rng(0)
    field = ForceField(pad, [held.shape], FRAMES)
    contacts = [
        press(
            pad, held, random.uniform(0.5, 3.0), tuple(random.uniform(-3e-3, 3e-3, 2)),
            tuple(random.uniform(-0.5e-3, 0.5e-3, 2)), random.uniform(-0.3, 0.3),
        )
        for _ in range(FRAMES)
    ]  # fmt: skip
    field.depth[:] = np.concatenate([contact.field.depth for contact in contacts])
    field.force[:] = np.concatenate([contact.field.force for contact in contacts])
    return (
        np.stack([contact.position for contact in contacts])[:, None],
        np.stack([contact.quaternion for contact in contacts])[:, None],
        field,
    )


def _augment_seconds(repeats: int) -> float:
    from sim.tactile.augmentation import Augmentation

    rows, columns = POLICY_SIZE
    random = np.random.default_rng(0)
    pictures = random.integers(0, 255, (64, 2, rows, columns, 3), np.uint8)
    augmentation = Augmentation(len(pictures), pictures[0], seed=0)
    augmentation(pictures)
    return best_cpu_seconds(lambda: augmentation(pictures), repeats) / (len(pictures) * 2)
