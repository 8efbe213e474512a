"""The JSON Schema agrees with the loader on right files, and refuses wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from isthmus.runtime.config import Parts, scaffold, schema
from isthmus.runtime.config.document import read

EXAMPLES = Path(__file__).parents[3] / "examples"
RIGHT = [Path(__file__).parent / "whole.yaml", EXAMPLES / "01_own_plant" / "plant.yaml"]


@pytest.fixture
def made(parts):
    return schema(parts=parts)


def plain(content: bytes):
    root, mistakes = read(content, "plant.yaml")
    assert not mistakes
    return root.plain()


def test_it_is_a_schema_of_draft_2020_12(made):
    Draft202012Validator.check_schema(made)
    assert made["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.name)
def test_right_files_satisfy_it(made, file):
    assert list(Draft202012Validator(made).iter_errors(plain(file.read_bytes()))) == []


def test_a_new_plant_satisfies_it(made):
    Draft202012Validator(made).validate(plain(scaffold("plant").encode()))


@pytest.mark.parametrize(
    "wrong",
    [
        "colour: red",
        "isthmus: 2",
        "zones: {line1: {}}",
        "currency: euro",
        "types: {A: {tags: {x: {unti: kW}}}}",
        "equipment: {a: {b: {units: {c: {serail: x}}}}}",
        "calendars: {c: {early: [1]}}",
        "connections: {p: {}}",
        "connections: {p: {kind: nothing-known}}",
        "connections: {p: {kind: press}}",
        "connections: {p: {kind: press, host: h, prot: 1}}",
        "connections: {p: {kind: press, host: h, port: 70000}}",
        "connections: {p: {kind: press, host: h, every: 0}}",
        "connections: {p: {kind: press, host: h, name: x}}",
        "connections: {p: {kind: press, host: h, tags: {a/b/c: {cell: A, bit: 16}}}}",
        "connections: {p: {kind: press, host: h, tags: {a/b/c: {cel: A}}}}",
        "connections: {p: {kind: press, host: h, tags: {a/b: {each: A, onyl: []}}}}",
        "connections: {p: {kind: press, host: h, password: open}}",
    ],
)
def test_wrong_files_do_not(made, wrong):
    head = {"isthmus": 1, "enterprise": "acme", "site": "riverside"}
    assert list(Draft202012Validator(made).iter_errors({**head, **plain(wrong.encode())}))


def test_every_field_of_every_connector_is_explained(made):
    for kind, config in Parts().usable():
        fields = made["$defs"][config.__name__]["properties"]
        assert set(fields) >= {"kind", "tags", "every"}
        for name, field in fields.items():
            assert field.get("description") or name == "kind", f"{kind}.{name}"


def test_every_key_of_the_plant_file_is_explained(made):
    for name, entry in made["$defs"].items():
        for key, field in entry.get("properties", {}).items():
            explained = field.get("description") or "const" in field
            outside = name.startswith("Press")  # a connector of the tests
            assert explained or outside, f"{name}.{key}"
