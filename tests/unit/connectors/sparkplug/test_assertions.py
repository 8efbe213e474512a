"""The specification's own list of testable assertions, each with its test or its reason."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
TABLE = tomllib.loads((ROOT / "tests/cases/sparkplug/assertions.toml").read_text())
FILES = {
    "wire": "tests/integration/sparkplug/test_host_wire.py",
    "connector": "tests/integration/sparkplug/test_sparkplug_connector.py",
    "session": "tests/unit/connectors/sparkplug/test_session.py",
    "settings": "tests/unit/connectors/sparkplug/test_settings.py",
    "codec": "tests/property/test_sparkplug_codec.py",
}
REASONED = [*TABLE["not_ours"].values(), *TABLE["deviates"].values()]


def mapped() -> list[str]:
    shown = [one for part in ("tests", "reads") for ids in TABLE[part].values() for one in ids]
    return shown + [one for part in REASONED for one in part["ids"]]


@pytest.mark.data
def test_every_assertion_of_the_specification_is_mapped(public_data):
    listed = (public_data / "standards/sparkplug/assertion_ids.txt").read_text().split()
    known = {f"tck-id-{one}" for one in mapped()}
    assert sorted(set(listed) - known) == []
    assert sorted(known - set(listed)) == []


def test_no_assertion_is_mapped_twice():
    assert [one for one, count in Counter(mapped()).items() if count > 1] == []


@pytest.mark.parametrize("name", sorted({*TABLE["tests"], *TABLE["reads"]}))
def test_the_tests_that_are_named_exist(name):
    file, _, function = name.partition("::")
    text = (ROOT / FILES[file]).read_text()
    assert re.search(rf"^def {function}\(", text, re.MULTILINE)


def test_every_exception_has_a_reason():
    assert all(len(part["reason"]) > 30 and part["ids"] for part in REASONED)
