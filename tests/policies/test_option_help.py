"""Every setting of a training says in ``--help`` what it is: tyro shows the text below a field."""

import ast
import dataclasses
import inspect
import textwrap

import pytest

from policies import train_imitation, train_legged, train_motion_dagger, train_motion_distill, train_off_policy
from policies.learners.contact.settings import ImitationSettings
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.learners.legged.distill_settings import LeggedDistillConfig
from policies.learners.legged.settings import LeggedPpoSettings, LeggedTrainConfig
from policies.learners.off_policy.settings import OffPolicyTrainConfig, SacSettings, SymphonySettings
from policies.sparse.fit import FitConfig
from sim.legged.progress import TrackingSettings

SETTINGS = (
    train_legged.Args, train_imitation.Args, train_motion_dagger.Args, train_off_policy.Args, LeggedTrainConfig,
    LeggedPpoSettings, TrackingSettings, OffPolicyTrainConfig, SacSettings, SymphonySettings, LeggedDaggerConfig,
    ImitationSettings, FitConfig, train_motion_distill.Args, LeggedDistillConfig,
)  # fmt: skip


def silent_fields(cls):
    """Fields of a class's own text without one below; those that are settings themselves show their own."""
    (body,) = (node.body for node in ast.parse(textwrap.dedent(inspect.getsource(cls))).body)
    for field, below in zip(body, [*body[1:], None]):
        if isinstance(field, ast.AnnAssign) and not isinstance(below, ast.Expr):
            yield field.target.id


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_option_says_what_it_is(settings):
    default = {field.name: field.default_factory for field in dataclasses.fields(settings)}
    silent = [
        name
        for cls in settings.__mro__
        if dataclasses.is_dataclass(cls)
        for name in silent_fields(cls)
        if not (default[name] is not dataclasses.MISSING and dataclasses.is_dataclass(default[name]()))
    ]
    assert silent == []
