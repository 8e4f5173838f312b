"""The ``sim2metal`` command line: one verb each, imported only when it is called.

A verb is a module with ``Args`` (a dataclass), ``EXAMPLE`` (text for ``--help``) and
``run(args)`` that returns a JSON-able dictionary, and optionally ``CONFIG`` (tyro's
configuration) and ``module_for(argv)``, which names another such module for some arguments;
this file parses, prints errors as one line and writes ``--json FILE``.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("hardware.doctor", "say what this machine has, what is missing and how to install it"),
    "train": ("policies.train", "train a policy and save it as a bundle"),
    "pose": ("policies.pose", "make the bundle that a robot with joints runs first: hold the default pose"),
    "eval": ("policies.evaluate", "judge a bundle in MuJoCo over randomised episodes"),
    "certify": ("policies.certify", "judge a bundle on legs under other physics and write its certificate of transfer"),
    "compare": ("calibration.compare", "fly learned policies and classical controllers along the same trajectories"),
    "tune": ("sim.controllers.tune", "tune the gains of classical flight controllers for an airframe"),
    "ablate": ("policies.ablate", "train with one thing taken away at a time, and judge what each was worth"),
    "export": ("firmware_export.export", "turn a bundle or any ONNX file into C99 and build it for its targets"),
    "verify": ("firmware_export.verify", "replay golden sequences through torch, ONNX and C, and compare"),
    "flash": ("hardware.flash", "put a bundle on a Crazyflie: the whole firmware, or new weights by radio"),
    "hil": ("firmware_export.hil.verb", "fly in MuJoCo with the policy on a microcontroller, real or emulated"),
    "run": ("hardware.deploy", "run a bundle on a robot, real or virtual"),
    "swarm": ("hardware.swarm", "fly several Crazyflies at once"),
    "virtual": ("hardware.virtual.cli", "start a virtual robot that speaks the real protocol"),
    "ros": ("hardware.ros2.cli", "look at and talk to ROS 2 nodes, without a ROS installation"),
    "replay": ("hardware.replay", "step the policy again on a log's observations and show the first difference"),
    "gap": ("calibration.gap.verb", "say where simulation and a logged flight part, after how long, and why"),
    "recover": ("hardware.recover", "complete a log that a kill cut short"),
    "report": ("calibration.report", "write one HTML page with plots and a video"),
    "demo": ("hardware.virtual.demo", "the first whole flight: train, judge, export, verify, fly, report"),
    "urdf": ("sim.urdf", "write the URDF of a robot with joints, from its MuJoCo model"),
    "bodies": ("sim.bodies.picture", "draw robots with joints in their default poses"),
    "table": ("sim.table", "print a task's randomization tables with their sources"),
    "motion": ("sim.motion.verb", "make motions, read them from files, put them on robots, measure and show them"),
    "sparse": ("policies.sparse.verb", "let a character follow a headset and two controllers: train, follow, judge"),
    "contact": ("sim.contact.sheet", "draw contact tasks: the hand, what its wrist camera sees, what a pad sees"),
    "touch": ("sim.tactile.verb", "press an object on a tactile pad and draw what it feels and sees"),
    "calibrate": ("calibration.verb", "look at a robot's logs, move it to learn from it, and identify its parameters"),
    "calibrate-touch": ("calibration.calibrate_touch", "calibrate a tactile pad from pictures of a pressed ball"),
    "bench": ("tests.bench.cli", "measure the figures that the documentation quotes"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return the exit code (0 fine, 2 usage, others as in ``sim/errors.py``)."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if argv[0] == "--version":
        from importlib.metadata import version

        print(f"sim2metal {version('sim2metal')}")
        return 0
    from sim.errors import ConfigError, Sim2MetalError

    try:
        if argv[0] not in VERBS:
            raise ConfigError(_unknown_verb(argv[0]))
        return _run_verb(argv[0], argv[1:])
    except Sim2MetalError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141


def _run_verb(verb: str, argv: list[str]) -> int:
    import tyro

    module = _import_verb(verb, argv)
    args_type = _with_json_option(module.Args)
    description = f"{(module.__doc__ or '').strip().splitlines()[0]}\n\nexample:\n{_indent(module.EXAMPLE)}"
    config = getattr(module, "CONFIG", ())
    args = tyro.cli(args_type, args=argv, prog=f"sim2metal {verb}", description=description, config=config)
    json_file: Path | None = args.json
    error: Exception | None = None
    from sim.errors import Sim2MetalError, StorageError
    from sim.files import require_writable, write_atomic

    if json_file is not None:
        require_writable(json_file)  # before anything moves, not after the flight
    try:
        result: dict[str, Any] = module.run(args)
    except Sim2MetalError as problem:
        # A verb that judges (verify, run) attaches what it measured before it failed.
        error, result = problem, {**getattr(problem, "result", {}), "error": str(problem)}
    if json_file is not None:
        try:
            write_atomic(json_file, json.dumps(result, indent=2, default=_jsonable) + "\n")
        except StorageError as problem:
            if error is None:
                raise
            print(f"warning: {problem}", file=sys.stderr)  # what went wrong before is the greater news
    if error is not None:
        raise error
    return 0


def _import_verb(verb: str, argv: list[str]) -> Any:
    module, _ = VERBS[verb]
    try:
        loaded = importlib.import_module(module)
        return importlib.import_module(loaded.module_for(argv)) if hasattr(loaded, "module_for") else loaded
    except ModuleNotFoundError as error:
        from sim.errors import ConfigError

        missing = error.name or module
        if missing.split(".")[0] == "tests":
            raise ConfigError(f"'{verb}' needs a source checkout: the installed wheel leaves tests out") from None
        raise ConfigError(
            f"'{verb}' needs the Python package '{missing}': make setup, or pip install -e '.[train]'"
        ) from None


def _with_json_option(args_type: type) -> type:
    import tyro

    help_text = "Also write the result to this file, for machines."
    option = Annotated[Path | None, tyro.conf.arg(help=help_text, metavar="FILE")]
    return dataclasses.make_dataclass(
        args_type.__name__,
        [("json", option, dataclasses.field(default=None, kw_only=True))],
        bases=(args_type,),
        frozen=getattr(args_type, "__dataclass_params__").frozen,  # noqa: B009 (not declared on type)
    )


def _jsonable(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _overview() -> str:
    width = max(map(len, VERBS))
    lines = [f"  {verb:<{width}}  {text}" for verb, (_, text) in VERBS.items()]
    return "\n".join(
        [
            "sim2metal: train a robot policy in MuJoCo, verify it, export it, fly it.",
            "",
            "usage: sim2metal VERB [options]      (sim2metal VERB --help shows them with an example)",
            "",
            *lines,
        ]
    )


def _unknown_verb(verb: str) -> str:
    import difflib

    close = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    return f"unknown verb '{verb}'{hint}; choose one of: {', '.join(VERBS)}"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
