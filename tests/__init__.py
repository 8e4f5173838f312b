"""Tests mirror the packages; ``tests.bench`` holds the benchmarks, ``tests.support`` shared parts."""
