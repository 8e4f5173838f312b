"""Robots with joints: what they do in each mode, what may go wrong, and how a policy's targets are limited."""
