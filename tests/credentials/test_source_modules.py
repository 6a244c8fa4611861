"""The rows of the table of source kinds, and the modules that they name."""

from importlib import import_module

import pytest

from awsexec.plan import source_kinds
from awsexec.plan.source import Kind
from awsexec.plan.source_kinds import KINDS


def test_every_row_is_in_the_table():
    rows = [row for row in vars(source_kinds).values() if isinstance(row, Kind)]
    assert sorted(map(repr, rows)) == sorted(map(repr, KINDS))


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_every_row_names_a_module_that_has_what_it_says(kind):
    module = import_module(f"awsexec.credentials.sources.{kind.module}")
    wanted = ["load"] + ["check"] * kind.is_checked + ["describe"] * kind.is_described
    assert [name for name in wanted if not callable(getattr(module, name, None))] == []
