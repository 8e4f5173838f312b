"""Runs of tests: trained to the end, or killed on the way."""

from __future__ import annotations

import pytest


def train(run, until=None):
    """Train a run, or kill it after the iteration ``until``; its log is closed as a dying process closes it."""

    def progress(iteration, values):
        if iteration == until:
            raise KeyboardInterrupt

    if until:
        with pytest.raises(KeyboardInterrupt):
            run.train(progress)
    else:
        run.train(progress)
    run.log.close()
    return run
