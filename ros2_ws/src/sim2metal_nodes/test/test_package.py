"""The package is what its manifest says; needs no ROS."""

import ast
from pathlib import Path
from xml.etree import ElementTree as ET

PACKAGE = Path(__file__).parents[1]


def _setup() -> dict:
    """Return the literal arguments of ``setup``."""
    calls = [node for node in ast.walk(ast.parse((PACKAGE / "setup.py").read_text())) if isinstance(node, ast.Call)]
    call = next(call for call in calls if getattr(call.func, "id", "") == "setup")
    found = {}
    for keyword in call.keywords:
        try:
            found[keyword.arg] = ast.literal_eval(keyword.value)
        except ValueError:
            continue
    return found


def test_manifest_and_setup_agree() -> None:
    """Name folder, manifest, marker and version are the same thing."""
    manifest = ET.parse(PACKAGE / "package.xml").getroot()
    assert manifest.findtext("name") == PACKAGE.name
    assert manifest.findtext("version") == _setup()["version"]
    assert manifest.findtext("export/build_type") == "ament_python"
    assert (PACKAGE / "resource" / PACKAGE.name).is_file()
    assert (PACKAGE / PACKAGE.name / "__init__.py").is_file()


def test_every_executable_is_there() -> None:
    """Each console script names a function of a module of this package."""
    for script in _setup()["entry_points"]["console_scripts"]:
        module, _, function = script.partition("=")[2].strip().partition(":")
        path = PACKAGE / Path(*module.split(".")).with_suffix(".py")
        functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert function in functions
