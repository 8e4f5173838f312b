"""A policy too large for a chip: one line with the bytes needed and the bytes there, not the linker's."""

import dataclasses
import re
import shutil

import numpy as np
import pytest
from onnx import helper

from firmware_export import build
from firmware_export.export import Args, run
from firmware_export.room import TooLargeError
from firmware_export.targets import load_target
from tests.firmware_export.models import make_model, write_whole_c

FLASH, RAM = 1_048_576, 131_072


def wide(inputs, outputs):
    """One dense layer and a sum of its squares."""
    weight = np.random.default_rng(0).normal(size=(inputs, outputs)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["observation", "w"], ["y"], name="wide"),
        helper.make_node("ReduceL2", ["y", "axis"], ["action"], name="norm"),
    ]
    return make_model(nodes, {"observation": inputs}, {"w": weight, "axis": np.array([1])}, opset=18)


def numbers(message):
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]{4,}", message)]


@pytest.fixture
def no_compiler(monkeypatch):
    """Refusals come before anything is compiled."""

    def compile_nothing(*arguments):
        raise AssertionError("compiled")

    monkeypatch.setattr(build, "run_tool", compile_nothing)


def refuse(model, tmp_path, **options):
    path = tmp_path / "policy.onnx"
    path.write_bytes(model)
    with pytest.raises(TooLargeError) as caught:
        run(Args(path, **options))
    assert [entry.name for entry in tmp_path.iterdir()] == ["policy.onnx"]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_more_weights_than_flash(tmp_path, no_compiler):
    message = refuse(wide(512, 520), tmp_path)
    assert message.startswith("stm32f405: the policy needs")
    assert "of flash for its weights alone" in message
    needed, there = numbers(message)
    assert needed >= 4 * 512 * 520 > FLASH
    assert there == FLASH


def test_more_memory_than_there_is(tmp_path, no_compiler):
    message = refuse(wide(2, 40_000), tmp_path)
    assert "of RAM for observation, state, workspace and action alone" in message
    needed, there = numbers(message)
    assert needed >= 4 * 40_000
    assert there == RAM


@pytest.mark.toolchain
def test_what_was_generated_for_another_target_is_not_compiled_where_it_has_no_room(tmp_path, no_compiler):
    """As ``verify`` does, which takes every target's word for it that there is a policy."""
    folder = write_whole_c(tmp_path, wide(2, 40_000))
    with pytest.raises(TooLargeError, match="of RAM for observation, state, workspace and action alone"):
        build.build_target(load_target("stm32f405"), folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_host_has_room(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(wide(512, 520))
    assert run(Args(tmp_path / "policy.onnx", target=()))["weight_bytes"] > FLASH


@pytest.fixture
def small_chip(tmp_path):
    """The STM32F405 with other limits, its linker script and manifest agreeing."""

    def make(flash, ram):
        target = load_target("stm32f405")
        folder = tmp_path / "targets" / "stm32f405"
        shutil.copytree(target.folder.parent / "common", folder.parent / "common")
        shutil.copytree(target.folder, folder)
        script = (folder / "link.ld").read_text().replace("1024K", f"{flash}").replace("128K", f"{ram}")
        (folder / "link.ld").write_text(script)
        return dataclasses.replace(target, folder=folder, flash_limit=flash, ram_limit=ram)

    return make


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("kind", "inputs", "outputs", "flash", "ram"), [("flash", 40, 20, 5000, 65536), ("RAM", 2, 900, 65536, 8192)]
)
def test_what_only_the_linker_finds_is_said_in_bytes_too(tmp_path, small_chip, kind, inputs, outputs, flash, ram):
    """The arrays alone would fit; with code, buffers of the serial port and stack they do not."""
    folder = write_whole_c(tmp_path, wide(inputs, outputs))
    with pytest.raises(TooLargeError) as caught:
        build.build_target(small_chip(flash, ram), folder, tmp_path / "out")
    needed, there = numbers(str(caught.value))
    assert f"B of {kind}" in str(caught.value)
    assert there == {"flash": flash, "RAM": ram}[kind]
    assert needed > there - 4096, "the stack's 4 KiB are not the policy's"
    assert list((tmp_path / "out").iterdir()) == []
