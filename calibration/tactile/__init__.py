"""Calibration of one's own tactile pad, from pictures of a ball pressed on it and from weights.

``recording`` reads a folder of pictures, ``ball`` finds the ball in one, ``colours`` is the smooth law from slope and
place to colour that all of them have in common, ``placing`` moves the balls to where that law sees them, ``scale``
compares places in pictures with places on the stage, ``depth`` finds how deep each ball is, ``fit`` runs them in turn,
``judge`` and ``figure`` show what came of it. ``synthetic`` writes recordings whose truth is known.

Frames and units: the pad frame of ``sim.tactile``; places in pictures are (column, row), px, of pixel centres.
"""
