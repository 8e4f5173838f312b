"""Robots on a serial line: a framed binary protocol that a microcontroller can speak (``docs/serial-protocol.md``)."""
