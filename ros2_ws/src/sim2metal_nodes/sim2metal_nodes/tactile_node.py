"""A tactile sensor on topics: pictures, what changed in them, depth, and the force field in newtons."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from sensor_msgs.msg import Image, PointCloud2

from hardware.operator_signals import OperatorSignals
from hardware.tactile.difference import as_picture
from hardware.tactile.frames import FrameRefusedError
from sim.errors import ConfigError, Sim2MetalError
from sim.tactile.calibration import Calibration, read_calibration
from sim.tactile.lights import default_calibration
from sim.tactile.pads import load_pad
from sim.tactile.sensor import Array, Pad, Taxels
from sim.tactile.stiffness import nominal_stiffness
from sim.tactile.table import Table
from sim2metal_nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import SENSOR
from sim2metal_nodes.runner import run_node
from sim2metal_nodes.tactile_messages import cloud_message, depth_message, header, image_message, wrench_message
from sim2metal_nodes.tactile_pictures import PictureWork, Seen
from sim2metal_nodes.tactile_sources import Sample, make_source

LINGER_S = 1.0
"""How long the node stays after the last recorded picture, so that readers get it."""


class TactileNode(Node):
    """See the module."""

    def __init__(self, _signals: OperatorSignals) -> None:
        super().__init__("tactile_node")
        self._options = options = self._read_options()
        calibration = read_calibration(options["calibration"]) if options["calibration"] else None
        self._pad = load_pad(options["pad"]) if calibration is None else calibration.of(load_pad(options["pad"]))
        self._pad = _with_taxels(self._pad, options["taxel_rows"], options["taxel_columns"])
        measured = None if calibration is None else calibration.stiffness_n_m3
        options["stiffness"] = options["stiffness"] or measured or nominal_stiffness(self._pad)
        options["calibration"] = self._pictures(calibration)
        options["field_rate"] = options["field_rate"] or self._pad.rate_hz
        self._per_metre = options["stiffness"] * self._pad.taxels.area_m2
        self._halt = threading.Event()
        self._started_s = time.monotonic()
        self.exit_code = 0
        self._counts = {"pictures": 0, "pictures refused": 0, "force fields": 0}
        self._refused, self._refused_s, self._good_s = "", -1e9, time.monotonic()
        self._force_z: float | None = None
        self._ended_s: float | None = None
        self._newest_ns = 0
        self._failure: Sim2MetalError | None = None
        self._prepare()
        self._advertise()
        self._diagnostics = Diagnostics(self, f"tactile_node: {options['frame_id']}", self._report)
        self._thread = threading.Thread(target=self._run, name="touch", daemon=True)
        self._thread.start()

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it, or all recorded pictures have been shown."""
        if self._ended_s is None and self._source.ended:
            self._ended_s = time.monotonic()
        if not self._thread.is_alive() and self._failure is not None:
            raise self._failure
        if not self._thread.is_alive() and not self._halt.is_set():
            self.exit_code = 1  # a mistake of this program: its traceback is above
        played = self._ended_s is not None and time.monotonic() - self._ended_s > LINGER_S
        return signals.stop or signals.kill or played or not self._thread.is_alive()

    def close(self) -> None:
        """Let go of the sensor."""
        self._halt.set()
        self._thread.join(2.0)
        self._source.close()

    # Set up ----------------------------------------------------------------------------------

    def _read_options(self) -> dict[str, Any]:
        def get(name: str, default: Any, description: str, low: float | None = None, high: float | None = None) -> None:
            options[name] = declare(self, name, default, description, low=low, high=high)

        options: dict[str, Any] = {}
        get("pad", "gelsight_mini", "which sensor: gelsight_r15, gelsight_mini, digit, taxel_array")
        get("source", "virtual", "virtual, a camera (/dev/videoN or N), or a folder of pictures")
        get("frame_id", "tactile_pad", "frame of the pad: x right and y down in the picture, z out of the gel")
        get("object", "ball", "virtual: what is pressed: ball, peg, stamp, pen, brick, edge, table")
        get("seed", 0, "virtual: seed of the hand's path and of the camera's noise", 0, 2**31 - 1)
        get("faults", "", "virtual: faults to come, separated by spaces: black@5:2 frozen small stalled")
        get("field_rate", 0.0, "virtual: force fields per second; 0: the pad's", 0.0, 1000.0)
        get("image_rate", 0.0, "pictures per second; 0: the camera's", 0.0, 240.0)
        get("repeat", True, "folder: begin again after the last picture")
        get("rotate", 0, "turn pictures by this many degrees counter-clockwise: 0, 90, 180, 270", 0, 270)
        get("nominal_frames", 10, "pictures of the untouched pad that are averaged at the start", 1, 1000)
        get("calibration", "", "of your own pad (.npz), as sim2metal calibrate-touch writes it; empty: a made-up one")
        get("depth", True, "estimate depth from pictures (needs scipy)")
        get("stiffness", 0.0, "N/m^3, of your own pad; 0: the calibration's, or the nominal one", 0.0, 1e12)
        get("taxel_rows", 0, "of the force field, with taxel_columns: as a policy was trained; 0: the pad's", 0, 1000)
        get("taxel_columns", 0, "of the force field; 0: the pad's", 0, 1000)
        get("stale_after", 0.5, "without a good picture for so long, s, the sensor counts as failed", 0.05, 60.0)
        if options["rotate"] % 90:
            raise ConfigError(f"parameter 'rotate' must be 0, 90, 180 or 270, not {options['rotate']}")
        return options

    def _pictures(self, calibration: Calibration | None) -> tuple[Table, Array] | None:
        """Return look-up table and background of the pictures; ``None`` for a pad without any."""
        if calibration is not None:
            return calibration.pictures(self._pad)
        return None if self._pad.camera is None else default_calibration(self._pad.camera)

    def _prepare(self) -> None:
        options, camera = self._options, self._pad.camera
        options["image_rate"] = options["image_rate"] or (camera.rate_hz if camera else 1.0)
        self._source = make_source(self._pad, options, lambda: self.get_clock().now().nanoseconds, self._halt)
        self._work = None
        if camera is not None:
            recorded = options["source"] != "virtual" and type(self._source).__name__ == "FolderSource"
            table = options["calibration"][0]
            self._work = PictureWork(self._pad, table, options, self._source.untouched, recorded)

    def _advertise(self) -> None:
        self._cloud = self.create_publisher(PointCloud2, "force_field", SENSOR)
        self._wrench = self.create_publisher(WrenchStamped, "wrench", SENSOR)
        if self._pad.camera is not None:
            self._image = self.create_publisher(Image, "image", SENSOR)
            self._difference = self.create_publisher(Image, "difference", SENSOR)
            self._depth = self.create_publisher(Image, "depth", SENSOR)

    # Time ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._halt.is_set():
            try:
                sample = self._source.next()
                if sample is not None and not self._halt.is_set():
                    self._take(sample)
            except FrameRefusedError as error:
                self._refuse(error)
            except Sim2MetalError as error:
                self._failure = error
                return

    def _take(self, sample: Sample) -> None:
        # A stamp is the identity of a measurement: it never repeats and never goes back.
        self._newest_ns = time_ns = max(sample.time_ns, self._newest_ns + 1)
        if sample.force is not None and sample.depth is not None and sample.wrench is not None:
            head = header(self._options["frame_id"], time_ns)
            self._cloud.publish(cloud_message(head, self._pad.taxels.positions, sample.force, sample.depth))
            self._wrench.publish(wrench_message(head, *sample.wrench))
            self._force_z = float(sample.wrench[0][2])
            self._counts["force fields"] += 1
        if sample.picture is not None and self._work is not None:
            self._show(time_ns, self._work.look(sample.picture, time.monotonic()))

    def _show(self, time_ns: int, seen: Seen) -> None:
        head = header(self._options["frame_id"], time_ns)
        self._image.publish(image_message(head, seen.picture))
        if seen.difference is not None:
            self._difference.publish(image_message(head, as_picture(seen.difference)))
        if seen.depth is not None:
            self._depth.publish(depth_message(head, seen.depth))
            if not self._source.knows_forces:
                self._estimate(time_ns, seen.depth)
        self._counts["pictures"] += 1
        self._good_s = time.monotonic()

    def _estimate(self, time_ns: int, depth: Any) -> None:
        """Publish what pictures tell of forces: the normal ones; shear they do not show."""
        assert self._work is not None
        deep = self._work.taxel_depth(depth)
        force = np.full((len(deep), 3), np.nan, np.float32)
        force[:, 2] = -self._per_metre * deep
        head = header(self._options["frame_id"], time_ns)
        self._cloud.publish(cloud_message(head, self._pad.taxels.positions, force, deep))
        self._force_z = float(force[:, 2].sum())
        self._counts["force fields"] += 1

    def _refuse(self, error: FrameRefusedError) -> None:
        self._counts["pictures refused"] += 1
        self._refused, self._refused_s = str(error), time.monotonic()
        self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        now_s = time.monotonic()
        values = {name: str(count) for name, count in self._counts.items()}
        values["normal force, N"] = "unknown" if self._force_z is None else f"{-self._force_z:.3f}"
        slipped_s = getattr(self._source, "slipped_s", 0.0)
        values["slipped, s"] = f"{slipped_s:.2f}"
        slow = slipped_s > 0.01 * (now_s - self._started_s)
        running = (WARN, "too slow for this computer") if slow else (OK, "running")
        if self._work is None:
            return *running, values
        age_s = now_s - self._good_s
        values["age of the last good picture, s"] = f"{age_s:.2f}"
        values["last refusal"] = self._refused or "none"
        if age_s > self._options["stale_after"]:
            recent = now_s - self._refused_s < self._options["stale_after"]
            reason = self._refused if recent else self._source.problem or "the source is silent"
            return ERROR, f"no good picture for {age_s:.1f} s: {reason}", values
        if now_s - self._refused_s < 5.0:
            return WARN, self._refused, values
        if not self._work.ready:
            return WARN, "averaging the untouched pad: keep it untouched", values
        return *running, values


def _with_taxels(pad: Pad, rows: int, columns: int) -> Pad:
    """Return a pad with a grid of so many taxels fitted into its picture, as simulated pads of policies have it."""
    if not rows and not columns:
        return pad
    if not rows or not columns or pad.camera is None:
        raise ConfigError(
            "parameters 'taxel_rows' and 'taxel_columns' go together, and need a pad with a camera to fit them into"
        )
    return replace(pad, taxels=Taxels.fitted(rows, columns, pad.camera))


def main() -> int:
    """Run the node."""
    return run_node(TactileNode)
