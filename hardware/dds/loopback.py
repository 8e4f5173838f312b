"""Keeps Cyclone DDS's receiving sockets to this machine.

Cyclone DDS binds its sockets to every address, whatever interface it is told to use: a virtual humanoid
on ``lo`` would take commands from the network. And nodes of a real ROS 2 on this machine, also those
under ``ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST``, talk
through the address of a network card, so a participant that uses 127.0.0.1 alone never meets them; the ROS 2
runtime therefore has the same configuration as they. In both cases a filter on each socket takes the
strangers away: what did not come in by the loopback interface is dropped by the kernel. (Linux delivers
a datagram to one's own address by loopback, whatever the address.)

The filter is classic BPF, SO_ATTACH_FILTER of socket(7), which needs no privileges; its offsets are those
of linux/filter.h (SKF_AD_OFF, SKF_AD_IFINDEX).
"""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

_BASE_PORT, _PORTS_PER_DOMAIN = 7400, 250
"""RTPS 2.5 section 9.6.1: a domain's ports start at 7400 + 250 domain."""
_SO_ATTACH_FILTER = 26
_LOAD_INTERFACE = (0x20, 0, 0, 0x1_0000_0000 - 0x1000 + 8)
"""A = index of the interface the datagram came in by."""
_SUPPORTED = sys.platform.startswith("linux")
_ACCEPT, _DROP = (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0)


def keep_to_loopback(domain_id: int, before: frozenset[int]) -> int:
    """Have the sockets of a domain that was just opened receive from this machine only.

    Args:
        domain_id: the domain.
        before: ``socket_inodes()`` before it was opened: the sockets of others are left alone.

    Returns:
        How many sockets have the filter now; 0 where the system has no such thing.
    """
    if not _SUPPORTED:
        return 0
    index = socket.if_nametoindex("lo")
    filtered = 0
    for one in _sockets(domain_id, before):
        with one:
            receive_only_from(one, index)
            filtered += 1
    return filtered


def socket_inodes() -> frozenset[int]:
    """What tells this process's present sockets apart."""
    return frozenset(inode for _, inode in _descriptors()) if _SUPPORTED else frozenset()


def receive_only_from(one: socket.socket, interface_index: int) -> None:
    """Drop what comes in by any other interface.

    Raises:
        OSError: if the system refuses the filter.
    """
    compare = (0x15, 0, 1, interface_index)  # equal: next instruction, else the one after
    program = b"".join(struct.pack("=HBBI", *step) for step in (_LOAD_INTERFACE, compare, _ACCEPT, _DROP))
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))  # struct sock_fprog
    one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, header)


def _sockets(domain_id: int, before: frozenset[int]) -> Iterator[socket.socket]:
    """Duplicates of the process's new UDP sockets on the domain's ports."""
    first = _BASE_PORT + _PORTS_PER_DOMAIN * domain_id
    for number, inode in _descriptors():
        if inode in before:
            continue
        try:
            one = socket.socket(fileno=os.dup(number))
        except OSError:
            continue  # closed meanwhile
        if _is_ours(one, first):
            yield one
        else:
            one.close()


def _descriptors() -> Iterator[tuple[int, int]]:
    """Number and inode of this process's open sockets."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            status = os.fstat(int(entry.name))
        except OSError:
            continue  # closed meanwhile
        if stat.S_ISSOCK(status.st_mode):
            yield int(entry.name), status.st_ino


def _is_ours(one: socket.socket, first: int) -> bool:
    try:
        is_udp = one.family == socket.AF_INET and one.type == socket.SOCK_DGRAM
        return is_udp and first <= one.getsockname()[1] < first + _PORTS_PER_DOMAIN
    except OSError:
        return False
