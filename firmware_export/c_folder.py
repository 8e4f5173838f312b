"""Where a bundle's C is: exported beside the policy, or generated on the spot."""

from __future__ import annotations

from pathlib import Path

from policies.bundle import C_FOLDER, Bundle


def c_folder(bundle: Bundle, scratch: Path | str) -> Path:
    """Return the bundle's exported C, which is what would be flashed, or generate it into ``scratch``.

    Raises:
        UnsupportedModelError: if there is none and the graph cannot be translated.
        StorageError: if ``scratch`` cannot be written.
    """
    exported = bundle.path / C_FOLDER
    if (exported / "policy.c").is_file():
        return exported
    from firmware_export.bundle_c import write_bundle_c  # brings onnx, which an exported bundle does not need

    return write_bundle_c(bundle, scratch)
