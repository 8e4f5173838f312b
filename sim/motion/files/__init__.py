"""Motions out of files of others: BVH and AMASS-like npz; and into BVH."""
