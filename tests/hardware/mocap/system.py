"""A virtual motion capture system in a thread, with robots that stand where the test says."""

import selectors
import socket
import threading
import time
from types import SimpleNamespace

from hardware.virtual.mocap.faults import Sighting
from hardware.virtual.mocap.server import serve_mocap


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def standing(x, y=0.0, z=0.0):
    return SimpleNamespace(
        sighting=Sighting(), body=SimpleNamespace(position_w=(x, y, z), attitude=(1.0, 0.0, 0.0, 0.0))
    )


class System:
    """Serves ``robots`` in real time until exit."""

    def __init__(self, uri, robots):
        self._server = serve_mocap(uri, robots, 0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        self._server.close()

    def _run(self):
        start = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._server.fileno(), selectors.EVENT_READ)
            while not self._done.is_set():
                if selector.select(0.002):
                    self._server.drain()
                self._server.advance(round(1000 * (time.monotonic() - start)))
