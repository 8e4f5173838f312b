"""Logs of any kind as one record: streams with times, units and frames, on one clock, with what is wrong in words."""
