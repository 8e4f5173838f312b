import dataclasses
import json
import shutil

import pytest

from policies.bundle import INFO_FILE, document_id, save_bundle
from policies.export_onnx import export_onnx
from policies.strict_json import render
from tests.policies.actors import PlainActor, RecurrentActor, describe_actor, random_golden


@dataclasses.dataclass
class Parts:
    """What ``save_bundle`` takes."""

    actor: object
    info: object
    onnx: bytes
    golden: object


@pytest.fixture(scope="session")
def parts():
    """The parts of a recurrent policy's bundle; do not change them."""
    actor = RecurrentActor().eval()
    return Parts(actor, describe_actor(actor), export_onnx(actor), random_golden(actor))


@pytest.fixture(scope="session")
def plain_parts():
    """The parts of a bundle without memory; do not change them."""
    actor = PlainActor().eval()
    return Parts(actor, describe_actor(actor), export_onnx(actor), random_golden(actor))


@pytest.fixture(scope="session")
def pristine(parts, tmp_path_factory):
    """A good bundle folder; copy it before changing it."""
    path = tmp_path_factory.mktemp("pristine") / "bundle"
    save_bundle(path, parts.info, parts.onnx, parts.golden)
    return path


@pytest.fixture
def folder(pristine, tmp_path):
    """A good bundle folder of one's own."""
    return shutil.copytree(pristine, tmp_path / "bundle")


@pytest.fixture
def edit(folder):
    """Change ``bundle.json`` so that hashes and id are right again: ``edit(lambda document: ...)``."""

    def apply(change):
        path = folder / INFO_FILE
        document = json.loads(path.read_text())
        change(document)
        document["id"] = document_id(document)
        path.write_text(render(document))

    return apply
