"""A bundle is what was written, to the byte, or it is refused with one line."""

import dataclasses
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.bundle import GOLDEN_FILE, INFO_FILE, POLICY_FILE, Golden, load_bundle, save_bundle
from sim.errors import BundleError, StorageError
from sim.registry import load_robot
from sim.spec import ActionSpec

FILES = (POLICY_FILE, GOLDEN_FILE, INFO_FILE)
ROOT = Path(__file__).parents[2]


def refusal(path, error=BundleError):
    """The message with which ``path`` is refused: one line, and nothing is written."""
    before = {entry.name: entry.stat().st_mtime_ns for entry in path.parent.iterdir()}
    with pytest.raises(error) as caught:
        load_bundle(path)
    assert "\n" not in str(caught.value)
    assert before == {entry.name: entry.stat().st_mtime_ns for entry in path.parent.iterdir()}
    return str(caught.value)


def test_what_is_loaded_is_what_was_saved(parts, tmp_path):
    saved = save_bundle(tmp_path / "b", parts.info, parts.onnx, parts.golden)
    loaded = load_bundle(tmp_path / "b")
    assert loaded == saved
    assert loaded.info == parts.info
    assert loaded.read_policy() == parts.onnx
    for field in dataclasses.fields(Golden):
        np.testing.assert_array_equal(getattr(loaded.golden(), field.name), getattr(parts.golden, field.name))


def test_the_same_parts_give_the_same_bytes(parts, tmp_path):
    first = save_bundle(tmp_path / "a", parts.info, parts.onnx, parts.golden)
    second = save_bundle(tmp_path / "b", parts.info, parts.onnx, parts.golden)
    assert first.id == second.id
    assert all((first.path / name).read_bytes() == (second.path / name).read_bytes() for name in FILES)


def test_numbers_keep_full_precision(parts, tmp_path):
    number = 0.1 + 0.2
    info = dataclasses.replace(parts.info, evaluation={"figure": number})
    save_bundle(tmp_path / "b", info, parts.onnx, parts.golden)
    assert load_bundle(tmp_path / "b").info.evaluation["figure"] == number


def test_missing_folder(tmp_path):
    assert "no bundle at" in refusal(tmp_path / "nothing")


def test_a_file_is_not_a_bundle(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "no bundle at" in refusal(tmp_path / "file")


@pytest.mark.parametrize("name", FILES)
def test_missing_file(folder, name):
    (folder / name).unlink()
    message = refusal(folder)
    assert name in message
    assert "missing" in message


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_truncated_file(folder, name, kept):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(kept * len(content))])
    assert name in refusal(folder)


def test_a_folder_in_place_of_a_file(folder):
    (folder / POLICY_FILE).unlink()
    (folder / POLICY_FILE).mkdir()
    assert "cannot be read" in refusal(folder)


def test_one_digit_of_the_json(folder):
    path = folder / INFO_FILE
    text = path.read_text()
    assert '"control_period_s": 0.01,' in text
    path.write_text(text.replace('"control_period_s": 0.01,', '"control_period_s": 0.02,'))
    assert "altered" in refusal(folder)


def test_reformatted_json(folder):
    path = folder / INFO_FILE
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert "edited" in refusal(folder)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_of_any_file(folder, data):
    path = folder / data.draw(st.sampled_from(FILES))
    content = path.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(flipped)
    try:
        with pytest.raises(BundleError):
            load_bundle(folder)
    finally:
        path.write_bytes(content)
    load_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_appended_bytes(folder, name):
    with (folder / name).open("ab") as file:
        file.write(b" ")
    assert name in refusal(folder)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_schema_version(folder, edit, version):
    edit(lambda document: document.update(schema_version=version))
    assert f"schema version {version!r}, this program reads 1" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda info: info.update(colour="red"), "unknown field 'colour'"),
        (lambda info: info.pop("timing"), "missing field 'timing'"),
        (lambda info: info["robot"].update(wings=2), "unknown field 'wings'"),
        (lambda info: info["timing"].update(control_period_s="0.01"), "control_period_s: expected float"),
        (lambda info: info["timing"].update(control_period_s=0.0), "control_period_s must be positive"),
        (lambda info: info.update(state_size=11.0), "state_size: expected int"),
        (lambda info: info.update(state_size=True), "state_size: expected int"),
        (lambda info: info.update(state_scale=[1.0]), "state_scale needs 11 positive values"),
        (lambda info: info["state_scale"].__setitem__(0, 0.0), "state_scale needs 11 positive values"),
        (lambda info: info["action"].update(level="telepathy"), "action.level: expected"),
        (lambda info: info["action"].update(low=[0.0]), "action.low needs one value for each of m1, m2, m3, m4"),
        (lambda info: info["action"]["low"].__setitem__(1, 0.9), "'m2' needs low <= nominal <= high"),
        (lambda info: info.update(command_ranges={"jump": [1.0]}), "command_ranges.jump: expected"),
        (lambda info: info.update(observation={}), "observation: expected"),
        (lambda info: info.update(robot=None), "expected an object for RobotInfo"),
    ],
)
def test_wrong_content_under_right_hashes(folder, edit, change, complaint):
    edit(lambda document: change(document["info"]))
    assert complaint in refusal(folder)


@pytest.mark.parametrize("files", [{}, None, {"policy.onnx": "0", "golden.npz": "0", "../x": "0"}])
def test_wrong_file_list(folder, edit, files):
    edit(lambda document: document.update(files=files))
    assert "'files' must list" in refusal(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"schema_version": NaN}', "\ud800", "[" * 100_000, "9" * 5000]
)
def test_nonsense_in_place_of_json(folder, text):
    (folder / INFO_FILE).write_bytes(text.encode(errors="surrogatepass"))
    assert "altered or truncated" in refusal(folder)


def replace_golden(folder, edit, content):
    (folder / GOLDEN_FILE).write_bytes(content)
    edit(lambda document: document["files"].update({GOLDEN_FILE: hashlib.sha256(content).hexdigest()}))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 60])
def test_golden_that_is_no_npz(folder, edit, content):
    replace_golden(folder, edit, content)
    with pytest.raises(BundleError, match="does not hold the arrays"):
        load_bundle(folder).golden()


def wrong_golden(parts, **changes):
    return dataclasses.replace(parts.golden, **changes)


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("observation", lambda a: a[:, :, :-1], "'observation' has shape"),
        ("action", lambda a: a[:, :-1], "'action' has shape"),
        ("state", lambda a: a[0], "'state' has shape"),
        ("reset", lambda a: a[..., None], "'reset' has shape"),
        ("reset", lambda a: 0.0 * a, "must start with a reset"),
        ("action", lambda a: a * np.float32("nan"), "'action' must be finite float32"),
        ("action", lambda a: a.astype(np.float64), "'action' must be finite float32"),
    ],
)
def test_golden_that_does_not_fit(parts, folder, tmp_path, name, change, complaint):
    golden = wrong_golden(parts, **{name: change(getattr(parts.golden, name))})
    before = (folder / INFO_FILE).read_bytes()
    with pytest.raises(BundleError, match=complaint):
        save_bundle(folder, parts.info, parts.onnx, golden)
    assert (folder / INFO_FILE).read_bytes() == before


def test_golden_of_wrong_shape_under_right_hashes(parts, folder, edit):
    golden = wrong_golden(parts, action=parts.golden.action[:, :, :3])
    replace_golden(folder, edit, golden.to_bytes())
    with pytest.raises(BundleError, match="'action' has shape"):
        load_bundle(folder).golden()


def test_files_that_change_after_loading(folder):
    bundle = load_bundle(folder)
    for path, read in ((bundle.policy_path, bundle.read_policy), (folder / GOLDEN_FILE, bundle.golden)):
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(BundleError, match="altered or truncated"):
            read()


def test_infinite_number_is_not_written(parts, tmp_path):
    info = dataclasses.replace(parts.info, evaluation={"figure": float("inf")})
    with pytest.raises(BundleError, match="cannot be written as JSON"):
        save_bundle(tmp_path / "b", info, parts.onnx, parts.golden)
    assert not any(tmp_path.iterdir())


def test_replacing_a_bundle_drops_its_generated_code(parts, folder):
    (folder / "c").mkdir()
    (folder / "c" / "policy.c").write_text("old")
    save_bundle(folder, parts.info, parts.onnx, parts.golden)
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(FILES)
    assert [entry.name for entry in folder.parent.iterdir()] == ["bundle"]


def test_somebody_elses_folder_is_not_replaced(parts, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(StorageError, match=r"also holds 'thesis\.txt'"):
        save_bundle(tmp_path, parts.info, parts.onnx, parts.golden)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("below", ["", "bundle"])
def test_a_file_in_the_way(parts, tmp_path, below):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(StorageError):
        save_bundle(tmp_path / "file" / below, parts.info, parts.onnx, parts.golden)
    assert (tmp_path / "file").read_text() == "precious"


def test_full_disk_leaves_the_old_bundle(folder, parts):
    """A limit on file sizes makes the same write fail as a full disk does."""
    script = """
import dataclasses, resource, sys
from policies.bundle import load_bundle, save_bundle
from sim.errors import StorageError
bundle = load_bundle(sys.argv[1])
golden, onnx = bundle.golden(), bundle.read_policy()
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    save_bundle(bundle.path, dataclasses.replace(bundle.info, task="other"), onnx, golden)
except StorageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert "cannot write" in done.stdout, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert load_bundle(folder).info == parts.info
    assert [entry.name for entry in folder.parent.iterdir()] == ["bundle"]


def kill_after(events, action):
    """Run ``action`` in a child that kills itself at its ``events``-th change of the file system.

    Returns:
        Whether it was killed (else it finished first).
    """
    child = os.fork()
    if child == 0:
        left = events

        def hook(event, arguments):
            nonlocal left
            changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod")
            changes |= event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
            if changes:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        sys.addaudithook(hook)
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_bundle(parts, pristine, tmp_path):
    new = dataclasses.replace(parts.info, task="other")
    seen = set()
    for events in range(100):
        folder = shutil.copytree(pristine, tmp_path / str(events) / "bundle")
        killed = kill_after(events, partial(save_bundle, folder, new, parts.onnx, parts.golden))
        seen.add(load_bundle(folder).info.task)
        save_bundle(folder, new, parts.onnx, parts.golden)
        assert load_bundle(folder).info.task == "other"
        if not killed:
            break
    assert not killed, "the writer never finished"
    assert events > 5
    assert seen == {"hover", "other"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda info: info["limits"].update(tilt_rad=-1.0), "limits.tilt_rad must be positive"),
        (lambda info: info["limits"].update(battery_min_v=0.0), "limits.battery_min_v must be positive"),
        (lambda info: info["action"].update(slew_limit=[-1.0] * len(info["action"]["low"])), "positive slew_limit"),
        (lambda info: info["command_ranges"].update(step=[1.0, -1.0]), "needs low <= high"),
    ],
)
def test_limits_that_would_switch_supervision_off_are_refused(folder, edit, change, words):
    edit(lambda document: change(document["info"]))
    assert words in refusal(folder)


def test_limits_that_leave_a_joint_out_are_refused():
    from policies.limit_checks import check_limits
    from tests.hardware.joints.samples import LIMITS

    action = ActionSpec("joint_position", ("a", "b"), "rad", (-1.0,) * 2, (1.0,) * 2, (0.0,) * 2, (1.0,) * 2, "damp")
    where = Path("bundle.json")
    check_limits(LIMITS, action, where)
    for short in ({"velocity_rad_s": (10.0,)}, {"position_low_rad": (2.0, 0.0)}, {"torque_n_m": (50.0, float("nan"))}):
        with pytest.raises(BundleError, match=r"limits\.|needs a range"):
            check_limits(dataclasses.replace(LIMITS, **short), action, where)


def test_a_bundle_without_images_is_written_and_read_as_before_there_were_any(pristine, parts):
    document = json.loads((pristine / INFO_FILE).read_text())
    assert "images" not in document["info"]
    assert load_bundle(pristine).info.images == ()
    assert parts.info.input_size == parts.info.observation_size


def test_the_limits_of_an_arm_are_those_of_its_joints_not_of_its_commands(parts, tmp_path):
    arm = load_robot("panda")
    action = dataclasses.replace(parts.info.action, level="end_effector_delta")
    info = dataclasses.replace(parts.info, action=action, limits=arm.limits)
    assert load_bundle(save_bundle(tmp_path / "arm", info, parts.onnx, parts.golden).path).info.limits == arm.limits
    with pytest.raises(BundleError, match="battery_min_v must be positive"):
        save_bundle(tmp_path / "joints", dataclasses.replace(info, action=parts.info.action), parts.onnx, parts.golden)
    empty = dataclasses.replace(arm.limits, position_low_rad=arm.limits.position_high_rad)
    with pytest.raises(BundleError, match="needs a range"):
        save_bundle(tmp_path / "empty", dataclasses.replace(info, limits=empty), parts.onnx, parts.golden)
