"""ONNX -> C99 that reads well: no heap, no recursion, no mutable globals.

``generate`` turns a policy graph into ``policy.h``, ``policy.c`` and ``policy_selftest.c``.
"""

from firmware_export.onnx_to_c.generate import GeneratedPolicy, generate
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.onnx_to_c.reader import supported_operators
from firmware_export.onnx_to_c.selftest import Excerpt

__all__ = ["Excerpt", "GeneratedPolicy", "UnsupportedModelError", "generate", "supported_operators"]
