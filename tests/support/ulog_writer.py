"""Write PX4's ULog as docs.px4.io describes it ("ULog File Format"), to have logs whose content is known."""

import struct

import numpy as np

CODES = {"float": "f", "uint64_t": "Q"}


def ulog_bytes(messages, parameters=None):
    """Return a log.

    Args:
        messages: name -> (fields, rows); fields are (type, name), ``uint64_t timestamp`` first.
        parameters: name -> float.
    """
    parts = [b"ULog\x01\x12\x35\x01" + struct.pack("<Q", 0), _message("B", bytes(40))]
    for name, (fields, _) in messages.items():
        text = f"{name}:" + ";".join(f"{kind} {field}" for kind, field in fields) + ";"
        parts.append(_message("F", text.encode()))
    for name, value in (parameters or {}).items():
        key = f"float {name}".encode()
        parts.append(_message("P", bytes([len(key)]) + key + struct.pack("<f", value)))
    for number, name in enumerate(messages):
        parts.append(_message("A", struct.pack("<BH", 0, number) + name.encode()))
    data = []
    for number, (fields, rows) in enumerate(messages.values()):
        codes = "<" + "".join(_code(kind) for kind, _ in fields)
        data += [
            (row[0], _message("D", struct.pack("<H", number) + struct.pack(codes, int(row[0]), *row[1:])))
            for row in rows
        ]
    return b"".join([*parts, *(message for _, message in sorted(data, key=lambda item: item[0]))])


def table(time_s, **columns):
    """Return (fields, rows) of a message: ``name=(n, k)`` becomes ``float[k] name``, ``name=(n,)`` ``float name``."""
    fields, values = [("uint64_t", "timestamp")], [1e6 * np.asarray(time_s) + 1.0]
    for name, column in columns.items():
        column = np.asarray(column, np.float64)
        fields.append(("float", name) if column.ndim == 1 else (f"float[{column.shape[1]}]", name))
        values.append(column)
    rows = np.concatenate([np.reshape(column, (len(column), -1)) for column in values], axis=1)
    return fields, rows.tolist()


def _message(kind, body):
    return struct.pack("<HB", len(body), ord(kind)) + body


def _code(kind):
    base, _, size = kind.partition("[")
    return CODES[base] * int(size.rstrip("]") or 1) if size else CODES[base]
