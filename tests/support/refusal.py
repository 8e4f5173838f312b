"""Verbs that must refuse, in one line."""

import sim2metal


def refusal(capsys, argv):
    """Run a verb that must refuse; return its one line."""
    capsys.readouterr()
    assert sim2metal.main(argv) != 0
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1, error
    return error
