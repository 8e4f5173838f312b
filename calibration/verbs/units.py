"""``sim2metal calibrate units``: which robots have been identified, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table


@dataclass
class Units:
    """List the robots in the units folder, with what is known of each."""

    serial: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="SERIAL")] = None
    """Show the values of this one."""
    units: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("units")
    """Folder of the per-robot files."""

    def run(self) -> dict[str, Any]:
        """Print the table and return what is in the folder.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from calibration.units_folder import list_units, read_unit, unit_path

        console = Console(highlight=False)
        if self.serial is not None:
            unit = read_unit(unit_path(self.units, self.serial))
            table = Table("parameter", "value", "standard error", "unit", title=unit.title, title_justify="left")
            for name, value, error, measure in zip(unit.names, unit.values, unit.standard_errors, unit.units):
                table.add_row(name, f"{value:.6g}", f"{error:.2g}", measure)
            for name, reason in unit.unknown.items():
                table.add_row(name, "not known", "", reason)
            console.print(table)
            return unit.as_data()
        found = list_units(self.units)
        table = Table("serial number", "robot", "date", "parameters", title=str(self.units), title_justify="left")
        for unit in found:
            table.add_row(unit.serial, f"{unit.robot}, {unit.parameter_set}", unit.date, ", ".join(unit.names))
        console.print(table if found else f"no robot has been identified yet: {self.units} holds no file")
        return {"folder": str(self.units), "units": [unit.as_data() for unit in found]}
