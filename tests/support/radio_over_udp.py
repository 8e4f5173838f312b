"""A driver for cflib that reaches a virtual robot under any radio:// URI: its boot loader knows no other."""

from cflib.crtp.exceptions import WrongUriType
from cflib.crtp.udpdriver import UdpDriver


def radio_over_udp(target):
    """Return a driver class that takes every ``radio://`` URI for ``target`` (``udp://HOST:PORT``)."""

    class RadioOverUdp(UdpDriver):
        def connect(self, uri, radio_link_statistics_callback, link_error_callback):
            if not uri.startswith("radio://"):
                raise WrongUriType("not radio")
            super().connect(target, radio_link_statistics_callback, link_error_callback)

    return RadioOverUdp
