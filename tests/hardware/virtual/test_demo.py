"""``sim2metal demo``: the whole chain, and what it may delete."""

import json
import subprocess
import sys

import pytest

from hardware.virtual.demo import WRITES, Args, run
from hardware.virtual.process import free_uri
from sim.errors import ConfigError

REQUIRED = (
    *("train.wall_s", "train.cpu_s", "eval.success_rate", "eval.median_steady_error_m", "eval.episodes"),
    *("parity.onnx", "parity.c_host", "parity.c_stm32f405"),
    *("stm32f405.flash_bytes", "stm32f405.ram_bytes", "stm32f405.instructions_per_step"),
    *("flight.completed", "flight.rms_error_m", "flight.loop_p99_ms", "faults.link_loss_to_safe_ms"),
)


def test_a_folder_that_holds_other_work_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="no earlier demo"):
        run(Args(out=tmp_path))
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(ConfigError, match="is a file"):
        run(Args(out=tmp_path / "file"))


@pytest.mark.slow
@pytest.mark.toolchain
def test_the_whole_chain_writes_every_figure(tmp_path):
    out = tmp_path / "demo"
    command = [sys.executable, "-m", "sim2metal", "demo", "--out", str(out), "--uri", free_uri()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert sorted(path.name for path in out.iterdir()) == sorted(WRITES)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["missing"] == []
    for name in REQUIRED:
        part, key = name.split(".")
        assert key in summary[part], name
    assert summary["flight"]["completed"] is True
    assert list(summary["faults"]) == ["link_loss_to_safe_ms"]
