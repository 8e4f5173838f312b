"""How the search by touch goes about it: settings for thin and for thick pegs.

What does well with a peg of 5 mm does not with one of 15 mm: under the one a hole is small and easily passed over, the
other is caught by its rim. The values were found in simulation, by hand and by CMA-ES
(`python -m tests.bench.search_tuning`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
THIN_M = 4.75e-3
"""Pegs are thin up to this radius, as the fingers tell it: 8 mm of diameter, and what a gel gives."""


@dataclass(frozen=True)
class SearchSettings:
    """Of one peg, or (n,) each of the pegs of n simulations.

    Attributes:
        slant_rad: of the hand, the edge ahead.
        sliding_slant_rad: the same along a line. What sticks to the face leans back in the hand before it slides, and
            a hand that turns back does half of that.
        hover_m: height over the hole at which an edge waits.
        descend_m: how far ahead of the edge its goal moves down.
        speed_share, fastest_m: how far ahead of the edge its goal moves along a line, in radii and at most.
        settle_steps: how long it is pressed on the face before its height is taken to be the face's.
        waiting_steps: how long before it moves.
        winding: how much faster it is moved while the edge sticks, for the hand has to go some millimetres ahead.
        force_n: with which it is pressed on the face.
        lowering_m_s: how fast it is lowered where nothing is felt.
        carried_n, rim_m: an edge carried by more than this, further beside itself than that, is on a hole's rim.
        rim_speed: the share of the speed with which it moves on along a rim.
        pull: the share of the drag along a line that is made up for.
        aside: share of what it is carried beside itself that the line is moved by a step.
        held_n: more than friction explains, with which a wall holds up.
        held_depth_m: how far under the face an edge is at least that a wall holds up.
        fallen_share, fallen_m: how far under the face an edge in a hole is, in radii and at least.
        face_share: share a step of what an edge that slides on is off the face by which its height is set right.
        leaning: how much more pegs lean in the hand than a gel of nominal stiffness says, for some gels are softer.
        deeper: by how much the goal of an edge in the hole is further down, per metre that it is in.
        yielding: how far what leans in the hole is moved with what pushes it aside, over what would balance that.
        back_share: share a step of what the hand is beside a peg that leans in the hole.
        in_vain_steps: how long it is tried to stand up what is hardly in.
        apart_m: how far lines are apart.
        first: how far beside the middle the first line is, as a share of that: 0, or a half for two lines, not three.
        begin_m, end_m, far_m: how far beyond where the hole may be lines begin and end, and end where it was felt.
    """

    slant_rad: Array | float
    sliding_slant_rad: Array | float
    hover_m: Array | float
    descend_m: Array | float
    speed_share: Array | float
    fastest_m: Array | float
    settle_steps: Array | float
    waiting_steps: Array | float
    winding: Array | float
    force_n: Array | float
    lowering_m_s: Array | float
    carried_n: Array | float
    rim_m: Array | float
    rim_speed: Array | float
    pull: Array | float
    aside: Array | float
    held_n: Array | float
    held_depth_m: Array | float
    fallen_share: Array | float
    fallen_m: Array | float
    face_share: Array | float
    leaning: Array | float
    deeper: Array | float
    yielding: Array | float
    back_share: Array | float
    in_vain_steps: Array | float
    apart_m: Array | float
    first: Array | float
    begin_m: Array | float
    end_m: Array | float
    far_m: Array | float


THIN = SearchSettings(
    slant_rad=0.141, sliding_slant_rad=0.0291, hover_m=7.84e-3, descend_m=0.0145, speed_share=0.678,
    fastest_m=3.86e-3, settle_steps=6.76, waiting_steps=4.69, winding=1.19, force_n=1.85, lowering_m_s=0.0179,
    carried_n=0.648, rim_m=1.34e-3, rim_speed=1.03, pull=1.05, aside=0.272, held_n=0.393, held_depth_m=0.0844e-3,
    fallen_share=0.125, fallen_m=0.427e-3, face_share=0.0845, leaning=1.15, deeper=1.13, yielding=1.45,
    back_share=0.167, in_vain_steps=21.2, apart_m=3.53e-3, first=0.195, begin_m=0.427e-3, end_m=0.653e-3,
    far_m=1.02e-3,
)  # fmt: skip
THICK = SearchSettings(
    slant_rad=0.113, sliding_slant_rad=0.0948, hover_m=5.64e-3, descend_m=0.0212, speed_share=1.13,
    fastest_m=9.77e-3, settle_steps=6.69, waiting_steps=5.19, winding=0.867, force_n=1.92, lowering_m_s=0.0202,
    carried_n=0.849, rim_m=2.42e-3, rim_speed=0.937, pull=0.613, aside=0.559, held_n=0.39, held_depth_m=0.137e-3,
    fallen_share=0.136, fallen_m=0.72e-3, face_share=0.144, leaning=1.0, deeper=1.86, yielding=2.01,
    back_share=0.0763, in_vain_steps=32.0, apart_m=3.52e-3, first=0, begin_m=0.618e-3, end_m=0.404e-3, far_m=1.16e-3,
)  # fmt: skip


def settings_for(radius_m: Array, thin: SearchSettings = THIN, thick: SearchSettings = THICK) -> SearchSettings:
    """Return the settings for pegs of radii, m; (n,) each."""
    both = zip(dataclasses.astuple(thin), dataclasses.astuple(thick), strict=True)
    return SearchSettings(*(np.where(radius_m < THIN_M, of_thin, of_thick) for of_thin, of_thick in both))
