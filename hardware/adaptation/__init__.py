"""Learning while running: a bounded correction of the set-point by streaming actor-critic; NumPy only."""
