"""Keep the BLAS behind numba's ``np.dot`` on one thread: small machines, and the same bits every time."""

from __future__ import annotations

import ctypes


def use_one_thread() -> None:
    """Tell SciPy's OpenBLAS, which numba calls, to stay single-threaded; other builds are left alone."""
    from scipy.linalg import cython_blas

    library = ctypes.CDLL(cython_blas.__file__)
    setter = getattr(library, "scipy_openblas_set_num_threads", None)
    if setter is not None:
        setter(1)
