"""There is one way to a machine: nobody but the guard calls a connection's `write`."""

from __future__ import annotations

import ast
from pathlib import Path

import isthmus
from isthmus.model.errors import StorageError
from isthmus.model.record import Kind
from isthmus.runtime.trust.last_step import ended
from isthmus.runtime.trust.records import WriteRecords
from isthmus.trust.ledger.find import Wanted, newest
from isthmus.trust.ledger.ledger import Ledger

ROOT = Path(isthmus.__file__).parent
STEP = "runtime/trust/last_step.py"
GUARD = "runtime/trust/guard.py"
EDGE = "runtime/edge/carry_out.py"  # of an edge, which does what its site's guard let pass


def names(file):
    """Modules and names that a file imports, and attributes it takes."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def awaited_writes(file):
    """Lines that await a method called `write`: every `Writer` is asynchronous."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if (
            isinstance(node, ast.Await)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
            and node.value.func.attr == "write"
        ):
            yield node.lineno


def above_the_connectors():
    for file in sorted(ROOT.rglob("*.py")):
        relative = str(file.relative_to(ROOT))
        if not relative.startswith(("connectors/", "bus/", "demo/", "pgwire/")):
            yield relative, file


def importing(name):
    """Who imports `name`."""
    return [file for file, path in above_the_connectors() if name in names(path)]


def test_only_the_last_step_awaits_a_write_and_only_the_guard_and_an_edge_take_it():
    found = {name: list(awaited_writes(file)) for name, file in above_the_connectors()}
    assert [name for name, lines in found.items() if lines] == [STEP]
    assert len(found[STEP]) == 1
    assert importing("isthmus.runtime.trust.last_step.take") == [EDGE, GUARD]


def test_only_the_guard_asks_an_edge_and_only_an_edge_is_asked():
    assert importing("isthmus.runtime.trust.far.Far") == [GUARD]
    assert importing("isthmus.runtime.edge.carry_out.CarryOut") == ["runtime/edge/node.py"]


def test_only_who_may_need_it_knows_the_writer():
    looks = ["runtime/edge/status.py", "runtime/trust/circumstances.py"]
    assert sorted(importing("isthmus.model.ports.Writer")) == sorted([EDGE, STEP, *looks])


def test_the_check_would_find_another_way(tmp_path):
    file = tmp_path / "sly.py"
    file.write_text("async def sly(link, action):\n    await link.source.write(action)\n", "utf-8")
    assert list(awaited_writes(file)) == [2]


def test_how_a_write_ended_is_what_the_device_holds():
    assert ended(120, 118, 120.00001, "") == ("written", 120.00001, "")
    assert ended(120, 118, 119, "")[0] == "mismatch"
    assert ended(120, 118, 118, "")[0] == "mismatch"
    assert ended(120, 118, 118, "the device declined")[0] == "failed"
    assert ended(120, 118, 121, "it says 121")[0] == "mismatch"
    assert ended(120, 118, None, "")[0] == "unknown"


def test_a_write_that_a_crash_cut_short_is_recorded_as_unknown_once(tmp_path):
    ledger = Ledger.open(tmp_path)
    records = WriteRecords(ledger)
    for number, allowed, mode in (
        ("a", True, "live"),
        ("b", False, "live"),
        ("c", True, "simulate"),
    ):
        facts = {"action": number, "step": "wish", "allowed": allowed, "mode": mode, "value": 1.0}
        ledger.record(Kind.ACTION, "person:anna", "wishes", about="a/b/c/d", facts=facts)
    done = {"action": "d", "allowed": True, "mode": "live"}
    ledger.record(Kind.ACTION, "person:anna", "wishes", facts={**done, "step": "wish"})
    ledger.record(Kind.ACTION, "person:anna", "written", facts={**done, "step": "end"})
    assert records.settle() == 1
    assert records.settle() == 0
    (last,) = newest(tmp_path, Wanted(), 1)
    assert (last.facts["action"], last.facts["state"]) == ("a", "unknown")
    assert (last.by, last.about) == ("person:anna", "a/b/c/d")
    ledger.close()
    try:
        records.ledger.put(Kind.ACTION, "owner", "after")
    except StorageError:
        return
    raise AssertionError("a closed ledger must not take a record")
