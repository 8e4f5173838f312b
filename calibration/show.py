"""What every identification says beside its table, for people: what is not known, notes, and predictions."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from calibration.estimate import Estimate


def show_rest(
    estimate: Estimate,
    console: Console,
    predicted: tuple[str, str, str],
    horizons_s: tuple[float, ...],
    shorten: Callable[[str, str], str] = lambda name, reason: reason,
) -> None:
    """Print what is not known, by its reason, the notes, and how well data was predicted that was not fitted.

    Args:
        estimate: what was found.
        console: to print to.
        predicted: name in ``holdout`` of what is predicted, the unit in which it is shown, a thousandth of its own, and
            the form of its number.
        horizons_s: how far ahead.
        shorten: of the name and the reason of what is not known: what to print it under.
    """
    reasons: dict[str, list[str]] = {}
    for name, reason in estimate.unknown.items():
        reasons.setdefault(shorten(name, reason), []).append(name)
    for reason, names in reasons.items():
        console.print(f"[yellow]not known[/] {', '.join(names)}: {reason}", soft_wrap=True)
    for note in estimate.notes:
        console.print(f"[yellow]note[/] {note}", soft_wrap=True)
    of, unit, form = predicted
    ahead = [
        f"{1e3 * estimate.holdout[f'{of}.{h:g}s']:{form}} {unit} over {h:g} s"
        f" (nominal {1e3 * estimate.holdout[f'nominal.{of}.{h:g}s']:{form}})"
        for h in horizons_s
        if f"{of}.{h:g}s" in estimate.holdout
    ]
    if ahead:
        console.print(f"predicts what was not fitted to {', '.join(ahead)}", soft_wrap=True)
