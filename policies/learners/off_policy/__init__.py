"""Learners that keep what they saw and learn from it many times: SAC and Symphony."""
