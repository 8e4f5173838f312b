"""A bad serial line: bytes between a TCP client and a pseudo-terminal, damaged, swallowed or led elsewhere."""

import contextlib
import os
import select
import socket
import threading
import tty


class BadLine:
    """Listens at ``port`` (``socket://...``) and passes bytes on; use it as a context manager.

    Attributes:
        to_board, to_host: functions from a chunk of bytes to what is passed on instead.
    """

    def __init__(self, device):
        self.to_board = self.to_host = lambda chunk: chunk
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._device = self._open(device)
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._pump, daemon=True)

    def lead_to(self, device):
        """Lead the line to another device from now on."""
        self._next = self._open(device)
        os.write(self._waker, b"!")

    def hang_up(self):
        """Close the client's end."""
        os.write(self._waker, b".")
        self._thread.join(timeout=10.0)

    @staticmethod
    def _open(device):
        descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(descriptor)
        return descriptor

    def _pump(self):
        client, _ = self._server.accept()
        with client, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, self._device, self._wake], [], [])
                if self._wake in ready:
                    if os.read(self._wake, 1) == b".":
                        return
                    os.close(self._device)
                    self._device = self._next
                    continue
                if client in ready:
                    chunk = client.recv(4096)
                    if not chunk:
                        return
                    os.write(self._device, self.to_board(chunk))
                if self._device in ready:
                    client.sendall(self.to_host(os.read(self._device, 4096)))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._waker, b".")
        with contextlib.suppress(OSError), socket.create_connection(self._server.getsockname(), timeout=1.0):
            pass  # in case it still waits for its client
        self._thread.join(timeout=10.0)
        self._server.close()
        for descriptor in (self._device, self._wake, self._waker):
            os.close(descriptor)
