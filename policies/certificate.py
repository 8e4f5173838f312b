"""The certificate of transfer: what a bundle reaches under other settings of the physics, in a file beside its others.

It is made after the bundle and may be made anew, so it is no part of the bundle's hash: it names the bundle's
id and carries a hash of its own, and is refused beside any other bundle or when its text was edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from policies.bundle import CERTIFICATE_FILE, Bundle, document_id
from policies.strict_json import from_json, parse, render, to_json
from sim.errors import BundleError
from sim.files import write_atomic

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Certified:
    """What the policy reached under one setting of the physics."""

    setting: str
    changes: dict[str, Any]
    """What differs from the training."""
    success_rate: float
    success_low: float
    success_high: float
    """Interval of 95 %."""
    errors: dict[str, Any]
    """Means over episodes, by names with units; ``None`` where there is none."""


@dataclass(frozen=True)
class Certificate:
    """What a bundle reaches where."""

    bundle_id: str
    task: str
    robot: str
    table_hash: str
    """Of the randomization, the same under every setting."""
    episodes: int
    """Under each setting."""
    seed: int
    commit: str
    mujoco: str
    """Its version."""
    settings: tuple[Certified, ...]
    """The training's own first."""

    @property
    def worst(self) -> Certified:
        """The setting of the lowest success rate, the first of several."""
        return min(self.settings, key=lambda row: row.success_rate)


def save_certificate(bundle: Bundle, certificate: Certificate) -> None:
    """Write it into the bundle's folder, in place of an older one.

    Raises:
        StorageError: if it cannot be written; an older one is untouched.
    """
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "certificate": to_json(certificate)}
    document["id"] = document_id(document)
    write_atomic(bundle.path / CERTIFICATE_FILE, render(document))


def load_certificate(bundle: Bundle) -> Certificate | None:
    """Return the certificate of a bundle; ``None`` if it has none.

    Raises:
        BundleError: if the file is not one, was altered, or belongs to another bundle.
    """
    path = bundle.path / CERTIFICATE_FILE
    again = "make it anew with sim2metal certify"
    try:
        document = parse(path.read_bytes().decode())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}): {again}") from None
    except ValueError as error:
        raise BundleError(f"{path} was altered or truncated ({error}): {again}") from None
    if document.get("schema_version") != SCHEMA_VERSION or document.get("id") != document_id(document):
        raise BundleError(f"{path} was altered, or is of another version: {again}")
    certificate = from_json(Certificate, document.get("certificate"), str(path))
    if certificate.bundle_id != bundle.id:
        raise BundleError(f"{path} is of bundle {certificate.bundle_id[:12]}, not of {bundle.id[:12]}: {again}")
    if not certificate.settings:
        raise BundleError(f"{path} says nothing: {again}")
    return certificate


def show(certificate: Certificate, console: Console) -> None:
    """Print a certificate as a table, without errors that no setting has."""
    known = (name for row in certificate.settings for name, error in row.errors.items() if error is not None)
    names = list(dict.fromkeys(known))
    table = Table(title=f"transfer of {certificate.task} on {certificate.robot}: {certificate.episodes} episodes each")
    for heading in ("physics", "success", "95 %", *(name.replace("_", " ") for name in names)):
        table.add_column(heading, justify="left" if heading == "physics" else "right")
    for row in certificate.settings:
        interval = f"{100 * row.success_low:.1f} - {100 * row.success_high:.1f}"
        errors = (row.errors.get(name) for name in names)
        table.add_row(
            row.setting, f"{row.success_rate:.1%}", interval, *("-" if e is None else f"{e:.3g}" for e in errors)
        )
    console.print(table)
    worst, best = certificate.worst, max(row.success_rate for row in certificate.settings)
    alike = worst.success_rate == best
    console.print(f"{'alike under all' if alike else f'worst under {worst.setting!r}'}: {worst.success_rate:.1%}")
