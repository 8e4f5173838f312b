"""Touch as standard messages: pictures, depth, a cloud of taxels with forces, the pad's total force."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import WrenchStamped
from sensor_msgs.msg import Image, PointCloud2, PointField
from std_msgs.msg import Header

from hardware.tactile.frames import averaged
from sim2metal_nodes.conversions import RejectedInputError, to_stamp

CLOUD_FIELDS = ("x", "y", "z", "fx", "fy", "fz", "depth")
"""m, m, m, N, N, N, m; each a float32."""
_FORCES = CLOUD_FIELDS[3:6]
_POINT_STEP = 4 * len(CLOUD_FIELDS)
_BIG_ENDIAN = sys.byteorder == "big"


def header(frame: str, time_ns: int) -> Header:
    """Return a header."""
    return Header(stamp=to_stamp(time_ns), frame_id=frame)


def image_message(head: Header, picture: npt.NDArray[np.uint8]) -> Image:
    """Return a picture, (rows, columns, 3) red green blue, as ``rgb8``."""
    return _image(head, picture, "rgb8", 3)


def depth_message(head: Header, depth: npt.NDArray[np.float32]) -> Image:
    """Return an indentation, m, (rows, columns), as ``32FC1``."""
    return _image(head, depth, "32FC1", 4)


def cloud_message(
    head: Header, places: npt.NDArray[np.float32], force: npt.NDArray[np.float32], depth: npt.NDArray[np.float32]
) -> PointCloud2:
    """Return taxels with the force on the gel.

    Args:
        head: of the message; its frame is the pad's.
        places: of the untouched taxels, m; (taxels, 3).
        force: N, NaN where it is not known; (taxels, 3).
        depth: m; (taxels,). Points are drawn where the gel's skin is: z = -depth.
    """
    points = np.empty((len(depth), len(CLOUD_FIELDS)), np.float32)
    points[:, 0:3], points[:, 3:6], points[:, 6] = places, force, depth
    points[:, 2] -= depth
    return PointCloud2(
        header=head,
        height=1,
        width=len(depth),
        fields=[
            PointField(name=name, offset=4 * number, datatype=PointField.FLOAT32, count=1)
            for number, name in enumerate(CLOUD_FIELDS)
        ],
        is_bigendian=_BIG_ENDIAN,
        point_step=_POINT_STEP,
        row_step=_POINT_STEP * len(depth),
        data=array("B", points.tobytes()),
        is_dense=bool(np.isfinite(points).all()),
    )


def read_forces(topic: str, message: PointCloud2, shape: tuple[int, ...], no_shear: bool = False) -> npt.NDArray:
    """Return the forces of a cloud as ``cloud_message`` makes it, float32, N; NaN stays NaN.

    Args:
        topic: for the reason.
        message: the cloud.
        shape: (rows, columns, 3) that are wanted.
        no_shear: shear that is not known counts as none.

    Raises:
        RejectedInputError: if it has other taxels, or no forces.
    """
    rows, columns = shape[:2]
    if message.width * message.height != rows * columns:
        raise RejectedInputError(
            f"{topic}: {message.width * message.height} taxels, expected {rows} x {columns}:"
            f" start tactile_node with taxel_rows:={rows} taxel_columns:={columns}"
        )
    offsets = {field.name: field.offset for field in message.fields if field.datatype == PointField.FLOAT32}
    step = message.point_step
    if not set(_FORCES) <= set(offsets) or len(message.data) != step * rows * columns:
        raise RejectedInputError(f"{topic}: a cloud without the float32 fields {', '.join(_FORCES)}")
    order = ">" if message.is_bigendian else "<"
    layout = np.dtype(
        {"names": _FORCES, "formats": [f"{order}f4"] * 3, "offsets": [offsets[n] for n in _FORCES], "itemsize": step}
    )
    points = np.frombuffer(bytes(message.data), layout)
    force = np.stack([points[name] for name in _FORCES], axis=-1).astype(np.float32)
    if no_shear:
        force[:, :2] = np.nan_to_num(force[:, :2], nan=0.0)
    elif np.isnan(force[:, :2]).all():
        raise RejectedInputError(f"{topic}: pictures show no shear, and this policy was trained with it")
    return force.reshape(shape)


def read_pixels(topic: str, message: Image, shape: tuple[int, ...]) -> npt.NDArray:
    """Return a picture, float32, grey levels, averaged down to ``shape``, (rows, columns, 3).

    Raises:
        RejectedInputError: for another encoding, or a size that is no whole multiple of the wanted one.
    """
    rows, columns = message.height, message.width
    if message.encoding not in ("rgb8", "bgr8") or message.step < 3 * columns:
        raise RejectedInputError(f"{topic}: encoding '{message.encoding}', expected rgb8 or bgr8")
    if len(message.data) != rows * message.step:
        raise RejectedInputError(f"{topic}: {len(message.data)} bytes for {columns} x {rows} pixels")
    lines = np.frombuffer(bytes(message.data), np.uint8).reshape(rows, message.step)
    picture = lines[:, : 3 * columns].reshape(rows, columns, 3)
    picture = picture[..., ::-1] if message.encoding == "bgr8" else picture
    if picture.shape == tuple(shape):
        return picture.astype(np.float32)
    means = averaged(picture, shape[0], shape[1])
    if means is None:
        raise RejectedInputError(
            f"{topic}: {columns} x {rows} pixels, expected {shape[1]} x {shape[0]} or a whole multiple of that"
        )
    return means.astype(np.float32)


def wrench_message(head: Header, force: Sequence[float], torque: Sequence[float]) -> WrenchStamped:
    """Return force, N, and torque, N m, on the gel about the pad's origin, in the header's frame."""
    message = WrenchStamped(header=head)
    message.wrench.force.x, message.wrench.force.y, message.wrench.force.z = map(float, force)
    message.wrench.torque.x, message.wrench.torque.y, message.wrench.torque.z = map(float, torque)
    return message


def _image(head: Header, pixels: npt.NDArray, encoding: str, pixel_bytes: int) -> Image:
    rows, columns = pixels.shape[:2]
    return Image(
        header=head,
        height=rows,
        width=columns,
        encoding=encoding,
        is_bigendian=int(_BIG_ENDIAN),
        step=columns * pixel_bytes,
        data=array("B", pixels.tobytes()),
    )
