"""Whole steps on the emulated STM32F405: every instruction is there, and costs at least one cycle."""

import numpy as np
import pytest

from firmware_export.build import build_target
from firmware_export.cycles import estimate_cycles
from firmware_export.cycles.disassembly import parse_listing
from firmware_export.cycles.estimate import StepCounter
from firmware_export.hil.policy import Stm32Policy
from firmware_export.hil.trace import read_registers, read_trace
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target
from sim.errors import ToolchainError
from tests.bench.networks import load_network
from tests.firmware_export.models import write_c


@pytest.mark.toolchain
def test_the_trace_holds_the_instructions_that_qemu_counts(tmp_path):
    run = load_network("gru64").run(3)
    excerpt = Excerpt(run.observation[:2], run.action[:2], run.state[1], np.ones(4), np.ones(64))
    write_c(tmp_path, generate(load_network("gru64").model, excerpt=excerpt))
    image = build_target(load_target("stm32f405"), tmp_path, tmp_path).artifact
    steps = (run.observation, run.state_before, run.reset)
    estimates = estimate_cycles(image, *steps)
    with Stm32Policy(image, count_instructions=True) as policy:
        counted = policy.instructions(*steps)
    # The board's counter is read around the call, and ticks in steps of ten instructions.
    np.testing.assert_allclose([estimate.instructions for estimate in estimates], counted, atol=25)
    for estimate in estimates:
        assert estimate.instructions < estimate.cycles < 5 * estimate.instructions
        weights = 3 * 64 * (22 + 64 + 2) + 4 * 65
        assert 5 * weights / 4 < estimate.flash_cycles < 1.2 * 5 * weights / 4


def test_steps_are_told_apart():
    listing = """
08000000 <server>:
 8000000:\tf000 f806 \tbl\t8000010 <policy_step>
 8000004:\tbf00      \tnop

08000010 <policy_step>:
 8000010:\tb100      \tcbz\tr0, 8000014 <policy_step+0x4>
 8000012:\t3001      \tadds\tr0, #1
 8000014:\t4770      \tbx\tlr
"""
    counter = StepCounter(parse_listing(listing))
    assert counter.returns == {0x8000004}
    for address in (0x8000014, 0x8000010, 0x8000012, 0x8000014, 0x8000004, 0x8000010, 0x8000014, 0x8000004):
        counter.record(address, b"")
    assert [(step.instructions, step.cycles) for step in counter.steps] == [(3, 1 + 1 + 3), (2, 3 + 3)]
    assert [step.flash_cycles for step in counter.steps] == [5, 5]  # one line each, cold


def test_an_image_of_others_is_refused():
    with pytest.raises(ToolchainError, match="no call of policy_step"):
        StepCounter(parse_listing("08000000 <main>:\n 8000000:\t4770      \tbx\tlr\n"))


def test_qemus_log_is_read():
    log = b"""Trace 0: 0x7f00 [00000000/08000188/00000110/ff000001] policy_step
R00=20000000 R01=00000001 R02=00000002 R03=00000003
R04=00000004 R05=00000005 R06=00000006 R07=00000007
R08=00000008 R09=00000009 R10=0000000a R11=0000000b
R12=0000000c R13=2001ff00 R14=08000123 R15=08000188
XPSR=61000000 -ZC- T priv-thread
"""
    found = []
    read_trace(log.splitlines(keepends=True) * 2, lambda address, dump: found.append((address, read_registers(dump))))
    assert len(found) == 2
    assert found[0][0] == 0x8000188
    assert found[0][1]["r0"] == 0x20000000
    assert found[0][1]["r13"] == 0x2001FF00
