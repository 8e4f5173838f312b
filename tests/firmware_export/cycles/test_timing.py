"""Cycles of snippets counted by hand from Arm's tables."""

import pytest

from firmware_export.cycles.disassembly import parse_listing, reachable
from firmware_export.cycles.flash import Cache, FlashInterface, loaded
from firmware_export.cycles.timing import cycles, registers, words

LISTING = """
08000100 <kernel>:
 8000100:\tecf1 0a01 \tvldmia\tr1!, {s16}
 8000104:\tecb0 ca08 \tvldmia\tr0!, {s24-s31}
 8000108:\teea8 0a0c \tvfma.f32\ts0, s16, s24
 800010c:\teee8 0a2c \tvfma.f32\ts1, s16, s25
 8000110:\t3a01      \tsubs\tr2, #1
 8000112:\td1f5      \tbne.n\t8000100 <kernel>
 8000114:\t4770      \tbx\tlr
 8000116:\t0000      \t.short\t0x0000

08000200 <policy_step>:
 8000200:\tb510      \tpush\t{r4, lr}
 8000202:\t4b03      \tldr\tr3, [pc, #12]\t@ (8000210 <policy_step+0x10>)
 8000204:\tf7ff ff7c \tbl\t8000100 <kernel>
 8000208:\tbd10      \tpop\t{r4, pc}
 8000210:\t08004000 \t.word\t0x08004000
"""
CODE = parse_listing(LISTING)


def make(text, address=0x8000000):
    mnemonic, _, operands = text.partition(" ")
    raw = "0000 0000 "
    return next(iter(parse_listing(f"{address:08x} <f>:\n {address:x}:\t{raw}\t{mnemonic}\t{operands}\n").values()))


def total(*texts, taken=()):
    """Cycles of consecutive instructions; ``taken`` are the indices of taken branches."""
    listed = [make(text) for text in texts]
    pairs = zip([None, *listed], listed)
    return sum(cycles(one, taken=i in taken, after=before) for i, (before, one) in enumerate(pairs))


def test_the_listing_is_read_without_data():
    kernel = [0x8000100, 0x8000104, 0x8000108, 0x800010C, 0x8000110, 0x8000112, 0x8000114]
    assert sorted(CODE) == [*kernel, 0x8000200, 0x8000202, 0x8000204, 0x8000208]
    assert CODE[0x8000112].mnemonic == "bne"
    assert CODE[0x8000112].size == 2
    assert CODE[0x8000204].target == "kernel"
    assert CODE[0x8000202].operands == "r3, [pc, #12]"
    assert reachable(CODE, "policy_step") == {"policy_step", "kernel"}
    assert reachable(CODE, "kernel") == {"kernel"}


def test_the_dense_loop_costs_what_the_manual_says():
    """One input, two outputs: 1+1 and 1+8 for the loads, 3 and 3, 1, and 1 + P or 1 for the branch."""
    loop = [CODE[address] for address in sorted(CODE) if address <= 0x8000112]
    before = [None, *loop]
    once = sum(cycles(one, taken=one.mnemonic == "bne", after=b) for b, one in zip(before, loop))
    assert once == 2 + 9 + 3 + 3 + 1 + 3
    last = sum(cycles(one, taken=False, after=b) for b, one in zip(before, loop))
    assert last == once - 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add r0, r1", 1),
        ("smlad r0, r1, r2, r0", 1),
        ("sdiv r0, r1, r2", 12),
        ("ldr r0, [r1]", 2),
        ("ldrd r0, r1, [r2]", 3),
        ("ldmia.w r0!, {r4, r5, r6, r7}", 5),
        ("push {r4, r5, r6, lr}", 5),
        ("vpush {d8-d15}", 17),
        ("vldr s0, [r1, #4]", 2),
        ("vldr d7, [r1, #8]", 3),
        ("vstmia r0!, {s0-s15}", 17),
        ("vadd.f32 s0, s1, s2", 1),
        ("vmul.f32 s0, s1, s2", 1),
        ("vfma.f32 s0, s1, s2", 3),
        ("vfnms.f32 s0, s1, s2", 3),
        ("vmla.f32 s0, s1, s2", 3),
        ("vdiv.f32 s0, s1, s2", 14),
        ("vsqrt.f32 s0, s1", 14),
        ("vmov s0, r0", 1),
        ("vmov r0, r1, d0", 2),
        ("vmrs APSR_nzcv, fpscr", 1),
        ("vcmp.f32 s0, #0.0", 1),
        ("nop", 1),
    ],
)
def test_single_instructions(text, expected):
    assert total(text) == expected


def test_neighbouring_loads_overlap_but_not_those_of_floats():
    assert total("ldr r0, [r1]", "ldr r2, [r3]", "str r0, [r3]") == 2 + 1 + 1
    assert total("vldr s0, [r1]", "vldr s1, [r1, #4]") == 2 + 2


def test_a_result_needed_at_once_costs_one_more():
    assert total("vmul.f32 s2, s0, s1", "vadd.f32 s4, s4, s2") == 3
    assert total("vmul.f32 s2, s0, s1", "vadd.f32 s4, s4, s3") == 2
    assert total("vmul.f32 s2, s0, s1", "vadd.f32 s4, s2, s3") == 3
    assert total("vadd.f32 s2, s0, s1", "vstr s2, [r0]") == 1 + 1 + 2
    assert total("vadd.f32 s2, s0, s1", "vldr s2, [r0]") == 1 + 2
    assert total("vfma.f32 s2, s0, s1", "vfma.f32 s2, s3, s4") == 6  # as the addend it is early enough
    assert total("vfma.f32 s2, s0, s1", "vfma.f32 s3, s2, s4") == 7
    assert total("vmov.f32 s2, s0", "vadd.f32 s3, s2, s2") == 2


def test_a_taken_branch_refills_the_pipeline():
    assert total("bne.n 8000000 <f>") == 1
    assert total("bne.n 8000000 <f>", taken=(0,)) == 3
    assert total("pop {r4, pc}", taken=(0,)) == 1 + 2 + 2


def test_registers_and_words():
    assert registers("{s0-s2, s9}") == ["s0", "s1", "s2", "s9"]
    assert registers("sp!, {r4, lr}") == ["r13", "r4", "r14"]
    assert words(make("ldmia r0, {r1, r2, r5}")) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ldr r0, [r1, #8]", (0x1008, 4)),
        ("ldr r0, [r1, #-4]", (0x0FFC, 4)),
        ("ldr r0, [r1], #4", (0x1000, 4)),
        ("ldrb r0, [r1, r2]", (0x1003, 1)),
        ("ldrsh.w r0, [r1, r2, lsl #2]", (0x100C, 2)),
        ("ldrd r0, r3, [sp, #16]", (0x2010, 8)),
        ("ldr r0, [pc, #12]", (0x08000010, 4)),
        ("vldr s1, [r1]", (0x1000, 4)),
        ("vldmia r1!, {s24-s31}", (0x1000, 32)),
        ("vldmdb r1!, {s24-s31}", (0x0FE0, 32)),
        ("ldmia.w r1, {r4, r5}", (0x1000, 8)),
        ("str r0, [r1]", None),
        ("add r0, r1", None),
    ],
)
def test_addresses_of_loads(text, expected):
    assert loaded(make(text), {"r1": 0x1000, "r2": 3, "r13": 0x2000}) == expected


def test_the_cache_forgets_what_was_used_least_recently():
    cache = Cache(lines=2)
    for address in (0, 4, 16, 0, 32, 0, 16):
        cache.read(address, 4)
    assert cache.misses == 4  # 0, 16, 32, and 16 once more
    cache.read(30, 8)  # across two lines, of which 32 has been forgotten
    assert cache.misses == 5


def test_weights_wait_for_flash_once_in_four_and_ram_never():
    flash = FlashInterface()
    load = make("vldmia r0!, {s24-s31}")
    for step in range(10):
        flash.load(load, {"r0": 0x0800_1000 + 32 * step})
        flash.load(load, {"r0": 0x2000_0000 + 32 * step})
    assert flash.data.misses == 20
    for _ in range(3):
        flash.fetch(load)
    assert flash.instructions.misses == 1
    assert flash.wait_cycles == 5 * 21
