"""The static libraries compute the policy: their golden self-test, linked into a program and run on emulated boards."""

import subprocess

import numpy as np
import pytest

from firmware_export.build import build_target
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target
from tests.bench.networks import load_network
from tests.firmware_export.models import write_c

pytestmark = pytest.mark.toolchain

BOARDS = {"cortex-m0": "microbit", "cortex-m7": "mps2-an500"}
"""Library -> QEMU's board with such a processor (``qemu-system-arm -M help``); memory begins at 0 and 0x20000000."""

START = """
#include "policy.h"

static policy_workspace_t workspace;
void reset_handler(void);
extern uint32_t stack_top[];

typedef union {
  void (*handler)(void);
  void *stack;
} vector_t;
__attribute__((section(".vectors"), used)) const vector_t vectors[2] = {{.stack = stack_top},
                                                                        {.handler = reset_handler}};

/* Arm's semihosting: operation in r0, argument in r1; 4 writes a string, 0x18 ends the program. */
static void ask_host(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void reset_handler(void) {
  float error = -1.0f;
#ifdef __ARM_FP
  *(volatile uint32_t *)0xE000ED88U |= 0xFU << 20;
  __asm__ volatile("dsb\\n\\tisb");
#endif
  const int wrong = policy_self_test(&workspace, &error);
  ask_host(4U, (wrong == 0 && error >= 0.0f && error < 1e-5f) ? "right\\n" : "wrong\\n");
  ask_host(0x18U, (const void *)0x20026U);
  for (;;) {
  }
}
"""
SCRIPT = """
MEMORY {
  FLASH (rx) : ORIGIN = 0, LENGTH = 256K
  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K
}
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text .text.* .rodata .rodata.*) } > FLASH
  .ARM.exidx : { *(.ARM.exidx .ARM.exidx.*) } > FLASH
  .data : { *(.data .data.*) } > RAM AT > FLASH
  .bss (NOLOAD) : { *(.bss .bss.* COMMON) } > RAM
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
}
"""


def run_on_board(name, golden_shift, folder):
    """Build the library, link it and return what its self-test says."""
    network = load_network("gru64")
    run = network.run(3)
    excerpt = Excerpt(run.observation, run.action + golden_shift, run.state[-1], np.ones(4), np.ones(64))
    write_c(folder, generate(network.model, excerpt=excerpt))
    target = load_target(name)
    library = build_target(target, folder, folder).artifact
    (folder / "start.c").write_text(START)
    (folder / "link.ld").write_text(SCRIPT)
    image = folder / "image.elf"
    link = ["-nostartfiles", "-Wl,--gc-sections", f"-T{folder / 'link.ld'}", *target.libraries]
    command = [target.compiler, *target.flags, f"-I{folder}", folder / "start.c", library, *link, "-o", image]
    subprocess.run(command, check=True, capture_output=True)
    emulator = ["qemu-system-arm", "-M", BOARDS[name], "-nographic", "-monitor", "none", "-serial", "none"]
    emulator += ["-semihosting-config", "enable=on,target=native", "-kernel", str(image)]
    done = subprocess.run(emulator, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("name", BOARDS)
def test_the_library_passes_its_self_test(name, tmp_path):
    assert run_on_board(name, 0.0, tmp_path) == "right"


@pytest.mark.parametrize("name", BOARDS)
def test_a_wrong_golden_value_is_found(name, tmp_path):
    assert run_on_board(name, 1e-4, tmp_path) == "wrong"
