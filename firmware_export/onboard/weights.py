"""The receiver of new weights (``s2m_weights.c``) for this computer, beside its on-board controller."""

from __future__ import annotations

import ctypes

PACKET_SIZE = 30
"""``S2M_WEIGHTS_PACKET``."""


class OnboardWeights:
    """One receiver; hands what it accepts to its controller.

    Args:
        library: with ``s2m_weights.c`` in it.
        controller: memory of the ``s2m_controller_t`` that flies the weights.
        size: of ``s2m_weights_t``, bytes.
    """

    def __init__(self, library: ctypes.CDLL, controller: ctypes.Array[ctypes.c_char], size: int) -> None:
        self._c, self._controller = library, controller
        self._memory = ctypes.create_string_buffer(size)
        self._answer = (ctypes.c_uint8 * PACKET_SIZE)()
        library.s2m_weights_init.argtypes = [ctypes.c_char_p]
        library.s2m_weights_init.restype = None
        serve = self._serve = library.s2m_weights_serve
        serve.argtypes = [
            ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_bool,
            ctypes.POINTER(ctypes.c_uint8),
        ]  # fmt: skip
        serve.restype = ctypes.c_size_t
        library.s2m_weights_bundle_id.argtypes = [ctypes.c_char_p]
        library.s2m_weights_bundle_id.restype = ctypes.POINTER(ctypes.c_uint8)
        self.restart()

    def restart(self) -> None:
        """Forget everything, as a power cut does: the weights in flash are in use."""
        self._c.s2m_weights_init(self._memory)

    def receive(self, packet: bytes, armed: bool) -> bytes | None:
        """Take one packet; returns the answer, ``None`` if there is none."""
        size = self._serve(self._memory, self._controller, packet, len(packet), armed, self._answer)
        return bytes(self._answer[:size]) if size else None

    @property
    def bundle_id(self) -> bytes:
        """32 bytes: whose weights are to be flown."""
        return bytes(self._c.s2m_weights_bundle_id(self._memory)[:32])
