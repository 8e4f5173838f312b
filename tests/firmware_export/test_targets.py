"""Targets: manifests, static libraries and folders for other build systems."""

import dataclasses
import re
import shutil
import subprocess

import numpy as np
import pytest
import yaml

from firmware_export.build import build_target, measure_footprint
from firmware_export.folder_target import header_constants, write_folder
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target, target_names
from sim.errors import ConfigError, ToolchainError
from tests.bench.networks import load_network
from tests.firmware_export.models import write_c

pytestmark = pytest.mark.toolchain
LIBRARIES = [name for name in target_names() if load_target(name).kind == "library"]


@pytest.fixture(scope="module")
def c_folder(tmp_path_factory):
    """Generated C of the GRU network, with its self-test."""
    network = load_network("gru64")
    run = network.run(3)
    excerpt = Excerpt(run.observation[:2], run.action[:2], run.state[1], np.ones(4), np.ones(64))
    return write_c(tmp_path_factory.mktemp("gru"), generate(network.model, "ab" * 32, excerpt))


def build(name, c_folder, out, **values):
    """Build, or see the one line that a missing toolchain must give."""
    target = load_target(name)
    if shutil.which(target.compiler) is None:
        with pytest.raises(ToolchainError, match=f"{target.compiler} is not installed: run 'apt-get install"):
            build_target(target, c_folder, out, values)
        assert not out.exists()
        return None
    return build_target(target, c_folder, out, values)


@pytest.mark.parametrize("name", target_names())
def test_manifests_name_files_that_exist(name):
    target = load_target(name)
    assert target.description
    sources = [*target.sources, *target.files.values()]
    assert all((target.folder / source).is_file() for source in sources)
    assert (target.kind == "folder") == bool(target.files or target.generated_files)
    assert (target.kind == "library") == (target.archiver is not None)


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_hold_the_policy_and_its_size(name, c_folder, tmp_path):
    result = build(name, c_folder, tmp_path / "out")
    if result is None:
        return
    assert [path.name for path in (tmp_path / "out").iterdir()] == [result.target.artifact]
    symbols = subprocess.run(
        [result.target.archiver.replace("-ar", "-nm"), result.artifact], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r" T policy_step$", symbols, re.MULTILINE)
    assert re.search(r" T policy_self_test$", symbols, re.MULTILINE)
    weights = 4 * (3 * 64 * (22 + 64 + 2) + 4 * 65)
    assert weights < result.flash_bytes < weights + 12_000  # software floating point is a few kilobytes
    workspace = int(header_constants(c_folder)["POLICY_WORKSPACE_SIZE"])
    assert result.static_ram_bytes == 4 * (64 + workspace)
    assert 0 < result.step_stack_bytes <= 256


def test_the_footprint_is_of_the_policy_alone(c_folder, tmp_path):
    target = load_target("stm32f405")
    whole = build_target(target, c_folder, tmp_path)
    alone = measure_footprint(target, c_folder)
    assert alone.text_bytes < whole.flash_bytes - 1000  # the server, its vectors and the self-test's data
    arrays = 4 * (22 + 64 + 4 + int(header_constants(c_folder)["POLICY_WORKSPACE_SIZE"]))
    assert arrays <= alone.ram_bytes < arrays + 500
    assert alone.stack_bytes == whole.step_stack_bytes


def test_arduino_library_follows_the_specification(c_folder, tmp_path):
    """Arduino library specification 1.5 revision 2.2: folders, required properties and their forms."""
    result = build("arduino", c_folder, tmp_path)
    folder = tmp_path / "arduino" / "Sim2metalPolicy"
    assert {str(file) for file in result.files} == {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    }
    lines = (folder / "library.properties").read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    required = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
    assert required <= set(properties)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}", properties["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["version"])
    assert properties["category"] == "Device Control"
    assert "22 observations in, 4 actions out" in properties["sentence"]
    assert "ab" * 32 in properties["paragraph"]
    assert properties["includes"] == "Sim2metalPolicy.h"
    assert {path.name for path in (folder / "src").iterdir()} == {
        *("Sim2metalPolicy.h", "policy.h", "policy.c", "policy_selftest.c")
    }
    (sketch,) = (folder / "examples").rglob("*.ino")
    assert sketch.stem == sketch.parent.name
    assert all("\t" in line and "  " not in line for line in (folder / "keywords.txt").read_text().splitlines())


SKETCH = """
#include <cstdio>
static unsigned long ticks = 0UL;
unsigned long millis() { return ++ticks; }
unsigned long micros() { return ++ticks; }
void delay(unsigned long) {}
struct Console {
  void begin(long) {}
  operator bool() const { return true; }
  void print(const char *text) { std::fputs(text, stdout); }
  void print(float value) { std::printf("%.3f", static_cast<double>(value)); }
  void print(unsigned long value) { std::printf("%lu", value); }
  void println(const char *text) { std::puts(text); }
} Serial;
#include "SelfTest.ino"
int main() { setup(); loop(); return 0; }
"""


def test_arduino_sketch_runs_the_self_test(c_folder, tmp_path):
    """The sketch and the class, compiled as C++ for this computer against the few functions they call."""
    build("arduino", c_folder, tmp_path)
    library = tmp_path / "arduino" / "Sim2metalPolicy"
    (tmp_path / "main.cpp").write_text(SKETCH)
    objects = []
    for source in (library / "src").glob("*.c"):
        objects.append(tmp_path / f"{source.stem}.o")
        subprocess.run(["gcc", "-O1", "-c", source, "-o", objects[-1]], check=True)
    includes = [f"-I{library / 'src'}", f"-I{library / 'examples' / 'SelfTest'}"]
    warnings = ["-std=c++11", "-Wall", "-Wextra", "-Werror"]
    program = tmp_path / "sketch"
    subprocess.run(["g++", *warnings, *includes, tmp_path / "main.cpp", *objects, "-lm", "-o", program], check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said.startswith("self-test passed, largest error 0.")
    assert "one step: 1 us" in said


def test_esp_idf_project_names_every_source(c_folder, tmp_path):
    result = build("esp-idf", c_folder, tmp_path / "out")
    if result is None:
        return
    project = tmp_path / "out" / "esp-idf"
    component = project / "components" / "sim2metal_policy"
    listed = (component / "CMakeLists.txt").read_text()
    sources = re.findall(r'"(\w+\.c)"', listed)
    assert sorted(sources) == sorted(path.name for path in component.glob("*.c"))
    assert listed.startswith("idf_component_register(")
    assert (component / "include" / "policy.h").is_file()
    main = (project / "main" / "CMakeLists.txt").read_text()
    assert (project / "main" / re.findall(r'"(\w+\.c)"', main)[0]).is_file()
    assert component.name in main
    manifest = yaml.safe_load((component / "idf_component.yml").read_text())
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["dependencies"]["idf"]["version"]
    assert "22 observations in, 4 actions out" in manifest["description"]


ESP_TIMER = """#ifndef ESP_TIMER_H
#define ESP_TIMER_H
#include <stdint.h>
int64_t esp_timer_get_time(void);
#endif
"""
ESP_MAIN = """#include "esp_timer.h"
void app_main(void);
int64_t esp_timer_get_time(void) {
  static int64_t now_us = 0;
  return now_us += 7;
}
int main(void) {
  app_main();
  return 0;
}
"""


def test_esp_idf_example_runs_the_self_test(c_folder, tmp_path):
    """The example's main, compiled for this computer with the one function of ESP-IDF that it calls."""
    project = tmp_path / "esp-idf"
    write_folder(load_target("esp-idf"), c_folder, tmp_path)
    (tmp_path / "esp_timer.h").write_text(ESP_TIMER)
    (tmp_path / "host.c").write_text(ESP_MAIN)
    component = project / "components" / "sim2metal_policy"
    sources = [tmp_path / "host.c", project / "main" / "main.c", *component.glob("*.c")]
    program = tmp_path / "example"
    warnings = ["-std=gnu17", "-Wall", "-Wextra", "-Werror"]
    includes = [f"-I{tmp_path}", f"-I{component / 'include'}"]
    subprocess.run(["gcc", *warnings, *includes, *sources, "-lm", "-o", program], check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said.startswith("self-test: 0 values wrong")
    assert "one step: 7 us" in said


def test_a_name_that_nobody_gave_is_refused(c_folder, tmp_path):
    (tmp_path / "template").write_text("@POLICY_ACTION_SIZE@ @MOTOR_COUNT@ user@example.org\n")
    target = dataclasses.replace(load_target("arduino"), folder=tmp_path, files={"sub/file": "template"})
    with pytest.raises(ConfigError, match=r"nothing is known as @MOTOR_COUNT@; choose among: .*POLICY_ACTION_SIZE"):
        build_target(target, c_folder, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    files = write_folder(target, c_folder, tmp_path, {"MOTOR_COUNT": "4"})
    assert "arduino/sub/file" in files
    assert (tmp_path / "arduino" / "sub" / "file").read_text() == "4 4 user@example.org\n"
