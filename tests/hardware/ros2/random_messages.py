"""Random messages, and the same values as rosbags' classes: an independent serialiser to compare with."""

import string

import numpy as np

from hardware.ros2.definitions import PLACEHOLDER, Shape, definition, typestore
from hardware.ros2.messages import Message, message_class
from hardware.ros2.primitives import NUMERIC, PRIMITIVES

DTYPES = {"bool": np.bool_, "byte": np.uint8, "char": np.uint8}


def random_message(rng, name):
    values = {f.name: _value(rng, f) for f in definition(name).fields if f.name != PLACEHOLDER}
    return message_class(name)(**values)


def _value(rng, field):
    if field.shape is Shape.SCALAR:
        return _scalar(rng, field)
    count = (
        field.length
        if field.shape is Shape.ARRAY
        else int(rng.integers(0, min(field.length, 4) + 1 if field.length else 4))
    )
    return [_scalar(rng, field) for _ in range(count)]


def _scalar(rng, field):
    if field.is_message:
        return random_message(rng, field.type)
    if field.type == "string":
        length = int(rng.integers(0, min(field.string_bound or 9, 9) + 1))
        return "".join(rng.choice(list(string.printable + "äλ€😀"), length))
    kind = PRIMITIVES[field.type]
    if kind.python is float:
        return float(np.float32(rng.normal()))
    if kind.python is bool:
        return bool(rng.integers(2))
    if kind.python is bytes:
        return bytes([int(rng.integers(256))])
    return int(rng.integers(kind.low, kind.high, endpoint=True, dtype=np.int64 if kind.low else np.uint64))


def as_rosbags(message):
    """The message as rosbags' class of its type."""
    described = definition(message._TYPE_NAME)
    cls = typestore().types[described.name]
    from rosbags.typesys.base import normalize_fieldname

    return cls(**{normalize_fieldname(f.name): _convert(f, getattr(message, f.name)) for f in described.fields})


def _convert(field, value):
    if isinstance(value, Message):
        return as_rosbags(value)
    if field.shape is Shape.SCALAR:
        return int.from_bytes(value, signed=True) if isinstance(value, bytes) else value  # rosbags packs it as int8
    if field.is_message:
        return [as_rosbags(item) for item in value]
    if field.type == "string":
        return list(value)
    if field.type in NUMERIC:
        return np.array(value, DTYPES.get(field.type, PRIMITIVES[field.type].dtype))
    return np.array([item[0] if isinstance(item, bytes) else item for item in value], DTYPES[field.type])
