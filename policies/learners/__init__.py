"""Learners: one file per algorithm, readable top to bottom, with the parts they are made of beside them."""
