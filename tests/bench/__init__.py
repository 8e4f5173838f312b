"""Benchmarks: the figures that the documentation quotes, measured on the machine at hand."""
