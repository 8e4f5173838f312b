"""Touch: pads as data, exact distances, force field with memory, tactile image.

``pads`` holds the sensors, ``shapes`` the objects, ``field`` turns poses into newtons per taxel, ``image`` into what
the pad's camera sees, ``inversion`` what a camera saw back into depth. Machine code is in ``kernels``; everything
else needs numpy only, so that a robot's computer with a camera imports no numba.

**The pad frame**, everywhere here: origin at the centre of the undeformed gel surface, x along the image's columns
(right), y along its rows (down), z out of the gel, as a camera's optical frame. Forces act *on the gel*: a press has
negative z. Metres, newtons, seconds; quaternions wxyz.
"""
