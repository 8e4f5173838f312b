"""Which joint of somebody's skeleton is which body of a person: by the names that programmes and archives use.

Known: Biovision, CMU (cgspeed's BVH), LAFAN1, Mixamo, MotionBuilder, SMPL, and this project's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.errors import ConfigError

_SIDED: dict[str, tuple[str, ...]] = {
    "hip": ("*upleg", "*upperleg", "*hip", "*thigh"),
    "knee": ("*knee", "*leg", "*lowerleg", "*shin", "*calf"),
    "ankle": ("*ankle", "*foot"),
    "shoulder": ("*arm", "*uparm", "*upperarm", "*shoulder"),
    "elbow": ("*elbow", "*forearm", "*lowerarm", "*lowarm"),
    "wrist": ("*wrist", "*hand"),
    "foot": ("*toebase", "*toe", "*toes", "*ball", "*foot"),
    "collar": ("*collar", "*clavicle", "*shoulder"),
    "hand": ("*hand", "*fingerbase", "*handmiddle1"),
}
"""Body -> names, the surest first, without spaces and punctuation; ``*`` is ``left`` or ``l``. A name that was taken
by a body above stays taken: a Mixamo shoulder is a collar because its arm is the shoulder."""
_MIDDLE: dict[str, tuple[str, ...]] = {"pelvis": ("hips", "hip", "pelvis", "root"), "head": ("head",)}
_OPTIONAL = ("foot", "collar", "hand")


def find_bodies(names: Sequence[str], parents: Sequence[int], clip: str) -> dict[str, int]:
    """Return the index of each of a person's bodies that a skeleton has.

    Args:
        names: of all joints.
        parents: index of each joint's parent, -1 of the root.
        clip: name for messages.

    Raises:
        ConfigError: naming the body that is missing and the joints there are.
    """
    plain = [re.sub(r"[^a-z0-9]", "", name.split(":")[-1].lower()) for name in names]
    found: dict[str, int] = {}
    wanted = [(body, options, False) for body, options in _MIDDLE.items()] + [
        (f"{side}_{part}", tuple(o.replace("*", s) for o in options for s in (side, side[0])), part in _OPTIONAL)
        for part, options in _SIDED.items()
        for side in ("left", "right")
    ]
    for body, options, optional in wanted:
        index = next((plain.index(o) for o in options if o in plain and plain.index(o) not in found.values()), None)
        if index is not None:
            found[body] = index
        elif not optional:
            raise ConfigError(
                f"clip '{clip}' has no joint for '{body}' ({' or '.join(options[:4])}): {', '.join(names)}"
            )
    return found | _spine(found, parents, clip)


def _spine(found: dict[str, int], parents: Sequence[int], clip: str) -> dict[str, int]:
    """Find the joints from the pelvis to where arms and head part, whatever their names: first, middle and last."""
    up = [_ancestors(found[body], parents) for body in ("left_shoulder", "right_shoulder", "head")]
    shared = [joint for joint in up[0] if all(joint in others for others in up)]
    if found["pelvis"] not in shared or shared[0] == found["pelvis"]:
        raise ConfigError(f"clip '{clip}' has no joint for 'spine3': none between the pelvis and arms and head")
    chain = shared[: shared.index(found["pelvis"])][::-1]
    spine = {"spine1": chain[0], "spine2": chain[len(chain) // 2], "spine3": chain[-1]}
    above = [joint for joint in [found["head"], *up[2]] if joint not in shared]
    return {**spine, "neck": above[-1]}


def _ancestors(joint: int, parents: Sequence[int]) -> list[int]:
    result = []
    while parents[joint] >= 0:
        joint = parents[joint]
        result.append(joint)
    return result
