"""The command line: verbs are found, lazy, documented, and errors are one line."""

import json
import subprocess
import sys

import pytest

import sim2metal


def call(*arguments, **options):
    command = [sys.executable, "-m", "sim2metal", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


@pytest.mark.parametrize("verb", sim2metal.VERBS)
def test_every_verb_shows_help_with_an_example(verb, capsys):
    try:
        code = sim2metal.main([verb, "--help"])
    except SystemExit as end:  # tyro's own way out
        code = end.code
    shown = capsys.readouterr().out
    assert code == 0
    assert "example:" in shown
    assert f"sim2metal {verb}" in shown
    assert "--json FILE" in shown


def test_overview_lists_every_verb():
    result = call("--help")
    assert result.returncode == 0
    for verb in sim2metal.VERBS:
        assert f"  {verb} " in result.stdout


def test_overview_imports_no_package():
    code = "import sys, sim2metal; sim2metal.main(['--help']); print([m for m in sys.modules if m in %r])"
    heavy = ["numpy", "torch", "mujoco", "rich", "tyro", "sim", "policies"]
    result = subprocess.run([sys.executable, "-c", code % heavy], capture_output=True, text=True, check=True)
    assert result.stdout.strip().endswith("[]")


def test_unknown_verb_is_one_line_with_a_hint():
    result = call("trian")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "did you mean 'train'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("train", "hoover"), 2, "did you mean 'hover'"),
        (("eval", "no-such-folder"), 3, "no bundle at no-such-folder"),
        (("verify", "no-such-folder"), 3, "no bundle at no-such-folder"),
        (("export", "no-such-folder"), 3, "no bundle at no-such-folder"),
        (("run", "no-such-folder", "--uri", "udp://127.0.0.1:19850"), 3, "no bundle at no-such-folder"),
        (("report", "no-such-folder"), 2, "no-such-folder"),
        (("table", "hoover"), 2, "did you mean 'hover'"),
    ],
)
def test_bad_input_is_one_line_and_its_own_exit_code(arguments, code, words, tmp_path):
    result = call(*arguments, cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert list(tmp_path.iterdir()) == []


def test_json_file_holds_the_result(tmp_path):
    target = tmp_path / "doctor.json"
    result = call("doctor", "--quiet", "--json", str(target))
    assert result.returncode == 0, result.stderr
    assert json.loads(target.read_text())["packages"]["mujoco"]


def test_json_file_in_an_unwritable_place_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    result = call("doctor", "--quiet", "--json", str(tmp_path / "file" / "below.json"))
    assert result.returncode == 9
    assert result.stderr.startswith("error: cannot write")


def test_an_unwritable_json_file_is_refused_before_anything_is_done(tmp_path):
    result = call("run", str(tmp_path / "nothing"), "--json", str(tmp_path))
    assert result.returncode == 9
    assert result.stderr.startswith("error: cannot write")
    assert "it is a folder" in result.stderr


def test_a_json_file_that_cannot_be_written_any_more_does_not_hide_the_error(tmp_path, monkeypatch, capsys):
    import policies.evaluate
    from sim.errors import LinkError

    target = tmp_path / "gone" / "result.json"

    def lose(_):
        target.parent.rmdir()
        target.parent.touch()
        raise LinkError("the robot is gone")

    monkeypatch.setattr(policies.evaluate, "run", lose)
    assert sim2metal.main(["eval", "some-bundle", "--json", str(target)]) == LinkError.exit_code
    words = capsys.readouterr().err.splitlines()
    assert words[0].startswith("warning: cannot write")
    assert words[1] == "error: the robot is gone"


def test_json_file_records_an_error_too(tmp_path):
    target = tmp_path / "eval.json"
    assert call("eval", str(tmp_path / "nothing"), "--json", str(target)).returncode == 3
    assert "no bundle" in json.loads(target.read_text())["error"]
