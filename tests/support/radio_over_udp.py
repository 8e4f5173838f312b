"""A driver for cflib that reaches a virtual robot under any radio:// URI: its boot loader knows no other."""

from cflib.crtp.crtpstack import CRTPPacket
from cflib.crtp.exceptions import WrongUriType
from cflib.crtp.udpdriver import UdpDriver

STM32, INFO, LOAD = 0xFF, 0x10, 0x14
UNACKNOWLEDGED = 50
"""Pieces of pages sent in one go: cflib waits for no answers to them, because a radio acknowledges every packet."""


def radio_over_udp(target):
    """Return a driver class that takes every ``radio://`` URI for ``target`` (``udp://HOST:PORT``)."""

    class RadioOverUdp(UdpDriver):
        sent = 0

        def connect(self, uri, radio_link_statistics_callback, link_error_callback):
            if not uri.startswith("radio://"):
                raise WrongUriType("not radio")
            super().connect(target, radio_link_statistics_callback, link_error_callback)

        def send_packet(self, packet):
            super().send_packet(packet)
            if packet.header == 0xFF and packet.data[1:2] == bytes((LOAD,)):
                self.sent += 1
                if self.sent % UNACKNOWLEDGED == 0:
                    self.wait_until_read()

        def wait_until_read(self):
            """A socket drops what its reader is too slow for: wait for an answer to something asked behind it."""
            super().send_packet(CRTPPacket(0xFF, [STM32, INFO]))
            answer = self.receive_packet(20)
            assert answer is not None
            assert answer.data[1] == INFO

    return RadioOverUdp
