"""Files and folders appear whole or not at all."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.errors import StorageError
from sim.files import recover_folder, replace_folder, write_atomic

ROOT = Path(__file__).parents[1]


def listing(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("data", ["text", b"bytes", "", "µ"])
def test_write_atomic(tmp_path, data):
    write_atomic(tmp_path / "new" / "file", data)
    expected = data.encode() if isinstance(data, str) else data
    assert (tmp_path / "new" / "file").read_bytes() == expected
    assert listing(tmp_path / "new") == ["file"]


def test_write_atomic_replaces(tmp_path):
    (tmp_path / "file").write_text("old and longer")
    write_atomic(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("target", ["file/below", "folder", "/proc/no/such"])
def test_where_it_cannot_write(tmp_path, target):
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    before = listing(tmp_path)
    with pytest.raises(StorageError, match="cannot write") as caught:
        write_atomic(tmp_path / target, "new")
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == before
    assert (tmp_path / "file").read_text() == "old"


def test_full_disk(tmp_path):
    """A limit on file sizes fails the write as a full disk does."""
    (tmp_path / "file").write_text("old")
    code = """
import resource, sys
from sim.errors import StorageError
from sim.files import write_atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(sys.argv[1], "x" * 5000)
except StorageError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == 1
    assert "cannot write" in done.stdout
    assert (tmp_path / "file").read_text() == "old"
    assert listing(tmp_path) == ["file"]


def test_replace_folder(tmp_path):
    for text in ("one", "two"):
        replace_folder(tmp_path / "f", {"a": text.encode(), "b": b""}, replaceable=("a", "b"))
        assert (tmp_path / "f" / "a").read_text() == text
        assert listing(tmp_path / "f") == ["a", "b"]
        assert listing(tmp_path) == ["f"]


def test_replace_folder_drops_what_is_not_written_again(tmp_path):
    replace_folder(tmp_path / "f", {"a": b"", "b": b""}, replaceable=("a", "b"))
    replace_folder(tmp_path / "f", {"a": b""}, replaceable=("a", "b"))
    assert listing(tmp_path / "f") == ["a"]


def test_replace_folder_makes_folders_below_it(tmp_path):
    replace_folder(tmp_path / "c", {"app/src/main.c": b"old", "app/Makefile": b"all:"}, replaceable=())
    replace_folder(tmp_path / "c", {"app/src/main.c": b"new"}, replaceable={"app"})
    assert (tmp_path / "c" / "app" / "src" / "main.c").read_bytes() == b"new"
    assert listing(tmp_path / "c" / "app") == ["src"]
    with pytest.raises(StorageError, match="also holds 'app'"):
        replace_folder(tmp_path / "c", {"policy.c": b""}, replaceable=("policy.c",))


def test_replace_folder_with_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_folder("f", {"a": b"1"}, replaceable=("a",))
    replace_folder("f", {"a": b"2"}, replaceable=("a",))
    assert (tmp_path / "f" / "a").read_bytes() == b"2"


def test_other_files_are_somebodys_work(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "notes").write_text("mine")
    with pytest.raises(StorageError, match="also holds 'notes'"):
        replace_folder(tmp_path / "f", {"a": b""}, replaceable=("a",))
    assert listing(tmp_path / "f") == ["notes"]


def test_recover_after_a_kill_between_the_renames(tmp_path):
    replace_folder(tmp_path / "f", {"a": b"old"}, replaceable=("a",))
    (tmp_path / "f").rename(tmp_path / ".f.old")
    recover_folder(tmp_path / "f")
    assert (tmp_path / "f" / "a").read_bytes() == b"old"


def test_recover_does_not_touch_a_folder_that_is_there(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / ".f.old").mkdir()
    recover_folder(tmp_path / "f")
    assert listing(tmp_path) == [".f.old", "f"]
    recover_folder(tmp_path / "nothing")


def test_a_failed_last_rename_restores_the_old_folder(tmp_path, monkeypatch):
    replace_folder(tmp_path / "f", {"a": b"old"}, replaceable=("a",))
    rename = Path.rename

    def failing(self, target):
        if ".new." in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StorageError, match="No space left on device"):
        replace_folder(tmp_path / "f", {"a": b"new"}, replaceable=("a",))
    assert (tmp_path / "f" / "a").read_bytes() == b"old"
    assert listing(tmp_path) == ["f"]


def test_remains_of_a_killed_process_are_removed_when_old(tmp_path):
    for name, age in ((".f.new.old", 7200), (".f.new.fresh", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    replace_folder(tmp_path / "f", {"a": b""}, replaceable=("a",))
    assert listing(tmp_path) == [".f.new.fresh", "f"]
