"""Whatever stands in a plant file, reading it answers with a plant or with its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isthmus.model.errors import ConfigError
from isthmus.runtime.config import Parts, lint, load, scaffold
from isthmus.runtime.config.document import read
from isthmus.runtime.config.emit import block, flow
from isthmus.runtime.config.splice import Growth, splice

SEED = scaffold("plant").encode()
PARTS = Parts(entries={})
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | words | st.floats(allow_nan=False)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "plant.yaml"


def only_answers(file: Path, content: bytes):
    file.write_bytes(content)
    plant, mistakes = lint(file, parts=PARTS)
    assert (plant is None) == bool(mistakes)
    assert all(mistake.line >= 1 and mistake.text for mistake in mistakes)
    if mistakes:
        with pytest.raises(ConfigError):
            load(file, parts=PARTS)


@given(content=st.binary(max_size=300))
def test_bytes_of_any_kind_are_answered(file, content):
    only_answers(file, content)


@given(data=st.data())
def test_a_damaged_plant_file_is_answered(file, data):
    place = data.draw(st.integers(0, len(SEED)))
    length = data.draw(st.integers(0, 40))
    only_answers(file, SEED[:place] + data.draw(st.binary(max_size=30)) + SEED[place + length :])


@given(data=st.data())
def test_values_in_wrong_places_are_answered(file, data):
    plant = yaml.safe_load(SEED)
    target, chosen = plant, None
    while isinstance(target, dict) and target and (chosen is None or data.draw(st.booleans())):
        parent, chosen = target, data.draw(st.sampled_from(list(target)))
        target = parent[chosen]
    parent[chosen] = data.draw(values)
    only_answers(file, yaml.safe_dump(plant, allow_unicode=True).encode())


@given(entries=st.dictionaries(words.filter(bool), values, max_size=4))
def test_what_is_emitted_reads_back_the_same(entries):
    for text in ("\n".join(block(entries, 0)), flow(entries)):
        root, mistakes = read(text.encode(), "plant.yaml")
        assert not mistakes
        assert root.plain() == text_keys(entries)


def text_keys(value):
    if isinstance(value, dict):
        return {str(key): text_keys(item) for key, item in value.items()}
    return [text_keys(item) for item in value] if isinstance(value, list) else value


STYLES = st.sampled_from(["block", "flow", "empty", "nothing", "absent"])


@given(
    data=st.data(), style=STYLES, entries=st.dictionaries(words.filter(bool), values, min_size=1)
)
def test_splicing_adds_entries_and_changes_nothing_else(data, style, entries):
    body = {
        "block": "b:\n  old: 1  # why\n\n  # more\n",
        "flow": "b: {old: 1}  # why\n",
        "empty": "b: {}  # why\n",
        "nothing": "b:  # why\n",
        "absent": "",
    }[style]
    entries.pop("old", None)
    tail = data.draw(st.sampled_from(["", "c: [1, 2]\n", "# the end", "c: |\n  text\n\n"]))
    text = "# head\na: {x: 1}   # keep\n" + body + tail
    grown = splice(text, Growth(("b", "new"), entries))
    root, mistakes = read(grown.encode(), "plant.yaml")
    assert not mistakes
    before = read(text.encode(), "plant.yaml")[0].plain()
    assert root.plain() == {**before, "b": {**(before.get("b") or {}), "new": text_keys(entries)}}
    for comment in ("# head", "# keep", "# why" if "why" in body else ""):
        assert comment in grown
