"""Blocks of neighbouring float32 numbers moved as one vector."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 32
"""Numbers in a block: two AVX-512 registers, four of AVX2; a row of 25 taxels fits into one."""


@intrinsic
def move(typing_context: Any, target: Any, to: Any, source: Any, first: Any) -> Any:
    """Copy ``LANES`` numbers between contiguous arrays of float32, from one flat index to another.

    A loop would do the same number by number: the compiler cannot know that the arrays do not overlap, and for so
    few numbers it does not ask. Indices are not checked.
    """
    for array in (target, source):
        if not (isinstance(array, types.Array) and array.layout == "C" and array.dtype == types.float32):
            raise TypeError(f"contiguous float32 arrays, not {array}")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def block(array: int, index: int) -> Any:
            data = context.make_array(signature.args[array])(context, builder, args[array]).data
            place = cgutils.pointer_add(
                builder, data, builder.mul(args[index], args[index].type(4)), ir.IntType(8).as_pointer()
            )
            return builder.bitcast(place, ir.VectorType(ir.FloatType(), LANES).as_pointer())

        builder.store(builder.load(block(2, 3), align=4), block(0, 1), align=4)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), generate
