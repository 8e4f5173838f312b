import json

import pytest

from sim.errors import ConfigError
from sim.table import Args, run
from sim.tasks.hover import EVALUATION_TABLE


def test_prints_every_table_and_returns_it_with_its_hash(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    result = run(Args("hover"))
    printed = capsys.readouterr().out
    assert EVALUATION_TABLE.hash()[:12] in printed
    for term in EVALUATION_TABLE.terms:
        assert term.parameter in printed
        assert term.source in printed
    json.dumps(result, allow_nan=False)
    assert result["tables"]["evaluation"]["hash"] == EVALUATION_TABLE.hash()
    assert set(result["tables"]) == {"training", "evaluation", "evaluation_undisturbed"}


def test_an_unknown_task_is_refused():
    with pytest.raises(ConfigError, match="unknown task"):
        run(Args("swim"))
