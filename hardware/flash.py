"""Put a bundle on a Crazyflie: the whole firmware, or new weights by radio.

The whole firmware is written through the boot loader. New weights of the same network take seconds and end
with the next restart. Either way the robot is asked afterwards what it carries.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from policies.bundle import C_FOLDER, Bundle, load_bundle
from policies.weights_image import WEIGHTS_FILE, WeightsImage
from sim.errors import BundleError, ConfigError, VerificationError

EXAMPLE = """sim2metal flash runs/hover/bundle --uri radio://0/80/2M/E7E7E7E7E7
sim2metal flash runs/hover-2/bundle --weights --uri udp://127.0.0.1:19850"""

IMAGE = "crazyflie/cf2.bin"
"""The firmware with the app in a bundle's ``c`` folder, where ``export --firmware`` puts it."""


@dataclass
class Args:
    """Options of ``sim2metal flash``."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    uri: Annotated[str, tyro.conf.arg(metavar="URI")]
    """Where the robot is, e.g. radio://0/80/2M/E7E7E7E7E7."""
    weights: bool = False
    """Send only the weights, into a bank in RAM: for a robot whose firmware carries the same network. They are
    flown until the next restart."""
    image: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The firmware to write. Default: the bundle's c/crazyflie/cf2.bin."""
    cold: bool = False
    """The robot waits in its boot loader already (both blue lights blink): do not ask it first whether it flies."""


def run(args: Args) -> dict[str, Any]:
    """Flash, read back, and say what is on board.

    Raises:
        ConfigError: for options that make no sense together.
        BundleError: if the bundle, its image or its weights are missing, damaged, too large or for other firmware.
        FlightRefusedError: if the robot is armed or flies.
        LinkError: if it does not answer.
        VerificationError: if it carries something else afterwards, or its self-test fails.
    """
    if args.weights and (args.image is not None or args.cold):
        raise ConfigError("--weights writes no image: leave --image and --cold out")
    bundle = load_bundle(args.bundle)
    console = Console(highlight=False, file=sys.stdout)  # this one, whatever stdout is while the library prints
    result = _send_weights(bundle, args.uri, console) if args.weights else _write_image(bundle, args, console)
    return {"bundle": bundle.path.name, "id": bundle.id, "uri": args.uri, **result}


def _send_weights(bundle: Bundle, uri: str, console: Console) -> dict[str, Any]:
    from hardware.crazyflie.app_channel import AppChannel
    from hardware.crazyflie.connection import connect, disconnect
    from hardware.crazyflie.read_back import read_on_board
    from hardware.crazyflie.weights_upload import Uploader

    image = load_weights(bundle)
    image.require_fitting()
    _require_scheme(uri)
    crazyflie = connect(uri)
    try:
        with AppChannel(crazyflie) as channel, _bar(console) as bar:
            task = bar.add_task("weights", total=len(image.data))
            uploader = Uploader(channel)
            uploader.upload(image, lambda done, total: bar.update(task, completed=done, total=total))
            answer = uploader.status()
        on_board = read_on_board(crazyflie)
    finally:
        disconnect(crazyflie)
    _require_on_board(on_board.bundle_id, bundle)
    if answer.crc != image.crc:
        raise VerificationError(
            f"the robot carries weights of CRC {answer.crc:08x}, sent was {image.crc:08x}; send again"
        )
    console.print(
        f"{uri}: bundle {bundle.id[:12]} in use, {len(image.data):,} B, CRC {answer.crc:08x}, golden self-test passed "
        f"(largest error {answer.self_test_error:.1e} of the range); until the next restart"
    )
    return {
        "bytes": len(image.data),
        "crc32": f"{answer.crc:08x}",
        "self_test_error": answer.self_test_error,
        "version": on_board.version,
    }


def _write_image(bundle: Bundle, args: Args, console: Console) -> dict[str, Any]:
    from hardware.crazyflie.whole_image import read_back, require_image_of, require_standing, write_image

    image = args.image or bundle.path / C_FOLDER / IMAGE
    require_image_of(image, bundle)
    _require_scheme(args.uri)
    if not args.uri.startswith("radio://"):
        raise ConfigError(f"{args.uri}: the boot loader is reached by radio only; give a radio:// URI, or --weights")
    if not args.cold:
        require_standing(args.uri)
    with _bar(console) as bar:
        task = bar.add_task("firmware", total=100)
        write_image(
            args.uri, image, lambda text, percent: bar.update(task, description=text, completed=percent), args.cold
        )
    on_board = read_back(args.uri)
    _require_on_board(on_board.bundle_id, bundle)
    if on_board.self_test is False:
        raise VerificationError(
            "the golden self-test fails on board: the policy will not fly; export and flash it again"
        )
    passed = "passed" if on_board.self_test else "not reported"
    console.print(
        f"{args.uri}: firmware {on_board.version or 'without a name'}, bundle {bundle.id[:12]} on board, golden "
        f"self-test {passed}"
    )
    return {"image": str(image), "version": on_board.version, "self_test": on_board.self_test}


def load_weights(bundle: Bundle) -> WeightsImage:
    """Read the weights that ``export`` left beside the bundle.

    Raises:
        BundleError: if there are none, or of another bundle.
    """
    path = bundle.path / C_FOLDER / WEIGHTS_FILE
    cure = f"run 'sim2metal export {bundle.path} --replaceable-weights'"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"cannot read {path} ({error.strerror or error}): {cure}") from error
    image = WeightsImage.from_bytes(content, str(path))
    if image.bundle_id != bundle.id:
        raise BundleError(f"{path} has the weights of bundle {image.bundle_id[:12]}, not {bundle.id[:12]}: {cure}")
    return image


def _require_on_board(found: str | None, bundle: Bundle) -> None:
    if found != bundle.id:
        carries = f"bundle {found[:12]}" if found else "no policy"
        raise VerificationError(f"the robot says that it carries {carries}, not {bundle.id[:12]}; flash it again")


def _require_scheme(uri: str) -> None:
    from hardware.crazyflie.connection import URI_PATTERNS, check_uri

    scheme = uri.split("://", 1)[0]
    if scheme not in URI_PATTERNS:
        raise ConfigError(
            f"'{uri}' is no Crazyflie's URI; it begins with {', '.join(f'{name}://' for name in URI_PATTERNS)}"
        )
    check_uri(uri)


def _bar(console: Console) -> Progress:
    share = TextColumn("{task.percentage:>3.0f} %")
    return Progress(TextColumn("{task.description}"), BarColumn(), share, TimeRemainingColumn(), console=console)
