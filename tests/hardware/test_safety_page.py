"""The tests that the safety page promises exist under the names it gives."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text()


def test_every_test_on_the_safety_page_exists():
    files = {ROOT / "tests" / name.removeprefix("tests/") for name in re.findall(r"`([\w/]+/test_\w+\.py)`", PAGE)}
    assert len(files) > 15
    assert [path for path in files if not path.is_file()] == []
    text = "".join(path.read_text() for path in files)
    names = re.findall(r"`(test_\w+)`", PAGE)
    assert len(names) > 10
    assert [name for name in names if f"def {name}(" not in text] == []
