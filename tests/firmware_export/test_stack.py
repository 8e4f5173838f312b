"""The bound of ``policy_step``'s stack: over the whole call graph, the C library's functions included."""

import subprocess

import numpy as np
import pytest
from onnx import helper

from firmware_export import compiled_frames, stack
from firmware_export.build import build_target, measure_footprint
from firmware_export.onnx_to_c import generate
from firmware_export.stack import LARGEST_STEP_STACK, deepest, read_call_graph
from firmware_export.targets import load_target
from firmware_export.toolchain import STRICT_C99
from sim.errors import ToolchainError
from tests.bench.networks import NETWORKS, load_network
from tests.firmware_export.models import make_model, run_onnx, write_c, write_whole_c

ARM = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-O2"]

CHAIN = """
int leaf(int x);
__attribute__((noinline)) static int deep(int x) { volatile int a[20]; a[x & 7] = x; return a[3] + leaf(x); }
__attribute__((noinline)) static int flat(int x) { volatile int a[2]; a[x & 1] = x; return a[0]; }
int policy_step(int x) { return deep(x) + flat(x) + leaf(x); }
"""


def call_graph(source, folder, flags=("-O2",), compiler=("gcc",)):
    (folder / "policy.c").write_text(source)
    command = [*compiler, *flags, "-fcallgraph-info=su", "-c", "policy.c", "-o", "policy.o"]
    subprocess.run(command, cwd=folder, check=True)
    return read_call_graph(folder / "policy.ci")


def test_the_deepest_path_counts(tmp_path):
    graph = call_graph(CHAIN, tmp_path)
    frames = graph.frames
    assert frames.keys() == {"policy_step", "deep", "flat"}
    assert frames["deep"] > 80 > frames["flat"] > 0
    assert deepest(graph.frames, graph.calls) == frames["policy_step"] + frames["deep"]
    more = {**frames, "leaf": 1000}
    assert deepest(more, graph.calls) == frames["policy_step"] + frames["deep"] + 1000


def test_frames_are_those_of_stack_usage(memory_model, tmp_path):
    folder = write_c(tmp_path, generate(memory_model))
    flags = [*STRICT_C99, "-fstack-usage", "-fcallgraph-info=su", "-O2"]
    subprocess.run([*ARM, *flags, "-c", "policy.c", "-o", "policy.o"], cwd=folder, check=True)
    usage = {}
    for line in (folder / "policy.su").read_text().splitlines():
        where, size, _ = line.split("\t")
        usage[where.rsplit(":", 1)[1]] = int(size)
    graph = read_call_graph(folder / "policy.ci")
    assert graph.frames == usage
    assert {"policy_step", "dense_16"} <= usage.keys()
    assert "dense_16" in graph.calls["policy_step"]


def test_recursion_has_no_bound(tmp_path):
    source = "int policy_step(int x) { return x > 0 ? policy_step(x - 1) + policy_step(x - 2) * x : 1; }"
    graph = call_graph(source, tmp_path, flags=("-O0",))
    with pytest.raises(ToolchainError, match="policy_step calls itself"):
        deepest(graph.frames, graph.calls)


def test_an_array_of_variable_length_has_no_bound(tmp_path):
    source = "void fill(float *); void policy_step(int n) { float a[n]; fill(a); }"
    with pytest.raises(ToolchainError, match="stack of unbounded size"):
        call_graph(source, tmp_path)


THUMB = """
08000100 <expf>:
 8000100:\tpush\t{r4, r5, lr}
 8000102:\tvpush\t{d8-d9}
 8000106:\tsub\tsp, #12
 8000108:\tbl\t8000200 <helper>
 800010c:\tbeq.n\t8000104 <expf+0x4>
 800010e:\tldr\tr3, [pc, #8]\t@ (8000118 <expf+0x18>)
 8000110:\tb.w\t8000300 <tail>

08000200 <helper>:
 8000200:\tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}
 8000204:\tstr.w\tlr, [sp, #-4]!
 8000208:\tsub.w\tsp, sp, #1024\t@ 0x400

08000300 <tail>:
 8000300:\tbx\tlr
"""

RISCV = """
00010074 <expf>:
   10074:\taddi\tsp,sp,-32
   10076:\tsw\tra,28(sp)
   10078:\tjal\tra,10100 <__mulsf3>
   1007c:\taddi\tsp,sp,32

00010100 <__mulsf3>:
   10100:\tadd\tsp,sp,-16
"""


def test_frames_and_calls_of_a_library_in_thumb():
    functions = compiled_frames.parse(THUMB)
    assert functions.frames == {"expf": 12 + 16 + 12, "helper": 24 + 4 + 1024, "tail": 0}
    assert functions.calls == {"expf": {"helper", "tail"}, "helper": set(), "tail": set()}


def test_frames_and_calls_of_a_library_on_risc_v():
    functions = compiled_frames.parse(RISCV)
    assert functions.frames == {"expf": 32, "__mulsf3": 16}
    assert functions.calls["expf"] == {"__mulsf3"}


@pytest.mark.toolchain
def test_the_libraries_functions_count(tmp_path):
    """What gcc says of its own source and what the disassembly says of the same code agree."""
    source = "#include <math.h>\n" + CHAIN.replace("a[3] + leaf(x)", "a[3] + (int)sinf((float)(leaf(x)))")
    whole = source + "int leaf(int x) { return x; }"
    graph = call_graph(whole, tmp_path, compiler=ARM, flags=("-fno-inline",))
    image = tmp_path / "image.elf"
    link = [*ARM, "policy.o", "-nostartfiles", "-Wl,--entry=policy_step", "-lm", "-o", image]
    subprocess.run(link, cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)
    linked = compiled_frames.disassemble(image, "arm-none-eabi-size", ())
    for name, size in graph.frames.items():
        assert linked.frames[name] == size, name
    assert linked.calls["deep"] >= {"sinf"}
    assert deepest(linked.frames, linked.calls) > deepest(graph.frames, graph.calls) + linked.frames["sinf"]


@pytest.mark.toolchain
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "mlp512"])
def test_a_step_of_the_benchmark_networks(name, tmp_path):
    folder = write_whole_c(tmp_path, load_network(name).model)
    footprint = measure_footprint(load_target("stm32f405"), folder)
    assert 0 < footprint.stack_bytes <= LARGEST_STEP_STACK


@pytest.mark.toolchain
def test_a_policy_that_needs_more_is_refused(memory_model, tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "LARGEST_STEP_STACK", 20)
    folder = write_whole_c(tmp_path, memory_model)
    target = load_target("cortex-m7")
    with pytest.raises(ToolchainError, match=r"policy_step needs \d+ B of stack, more than the 20 B"):
        build_target(target, folder, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.toolchain
def test_a_network_whose_every_layer_is_assembly_compiles(tmp_path):
    """Nothing then calls the portable kernel's helper, and unused functions are errors."""
    weight = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["observation", "w"], ["y"]), helper.make_node("Relu", ["y"], ["action"])]
    folder = write_whole_c(tmp_path, make_model(nodes, {"observation": 16}, {"w": weight}))
    assert measure_footprint(load_target("stm32f405"), folder).stack_bytes < LARGEST_STEP_STACK


@pytest.mark.toolchain
def test_a_deep_network_is_several_functions(tmp_path, compile_policy):
    """Their frames follow one another instead of growing into one that is too large."""
    rng = np.random.default_rng(0)
    nodes, constants, x = [], {}, "observation"
    for i in range(14):
        constants[f"w{i}"] = rng.normal(0.0, 0.25, (16, 16)).astype(np.float32)
        constants[f"s{i}"], constants[f"b{i}"] = rng.uniform(0.5, 1.5, (2, 16)).astype(np.float32)
        nodes.append(helper.make_node("MatMul", [x, f"w{i}"], [f"y{i}"], name=f"dense{i}"))
        nodes.append(helper.make_node("LayerNormalization", [f"y{i}", f"s{i}", f"b{i}"], [f"n{i}"], name=f"norm{i}"))
        nodes.append(helper.make_node("Softplus", [f"n{i}"], [f"z{i}"], name=f"softplus{i}"))
        x = f"x{i}"
        nodes.append(helper.make_node("Add", [f"z{i}", nodes[-3].input[0]], [x], name=f"add{i}"))
    nodes.append(helper.make_node("Identity", [x], ["action"], name="out"))
    model = make_model(nodes, {"observation": 16}, constants)
    folder = write_whole_c(tmp_path, model)
    parts = (folder / "policy.c").read_text().count("PART_OF_STEP step_part_")
    assert parts > 3
    graph = call_graph((folder / "policy.c").read_text(), folder, ("-O2",), ARM)
    assert len(graph.calls["policy_step"]) == parts
    assert deepest(graph.frames, graph.calls) <= LARGEST_STEP_STACK
    rows = rng.normal(size=(5, 16)).astype(np.float32)
    action, _ = compile_policy(model).step(rows, np.zeros((5, 0)), np.zeros(5))
    np.testing.assert_allclose(action, run_onnx(model, {"observation": rows})[0], rtol=1e-5, atol=1e-5)
