"""One synthetic recording and what the verb made of it, for all tests here."""

import pytest

from calibration.calibrate_touch import Args, run
from calibration.tactile.synthetic import write_synthetic
from sim.tactile.pads import load_pad

PRESSES = 12


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A folder and its truth."""
    folder = tmp_path_factory.mktemp("touch") / "recording"
    made = write_synthetic(folder, load_pad("digit"), PRESSES, seed=1)
    return folder, made


@pytest.fixture(scope="session")
def calibrated(recording):
    """What the verb says, and the file it wrote."""
    folder, _ = recording
    out = folder.parent / "own.npz"
    return run(Args(folder, out=out, truth=folder / "truth.npz", held_out=4)), out
