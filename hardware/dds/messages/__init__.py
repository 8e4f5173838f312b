"""Unitree's message types: field order, sizes and names as published in the IDL of unitree_sdk2."""
