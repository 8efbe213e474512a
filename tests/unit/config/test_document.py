"""YAML as read here: each trap of YAML 1.1, bounds, and the place of every mistake."""

from __future__ import annotations

import pytest

from isthmus.runtime.config.document import MAX_BYTES, MAX_DEPTH, MAX_VALUES, read


def value(text):
    root, mistakes = read(f"key: {text}\n".encode(), "plant.yaml")
    assert not mistakes
    return root.plain()["key"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("12:30", "12:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("2024-05-01", "2024-05-01"),
        ("2024-05-01 06:00:00", "2024-05-01 06:00:00"),
        ("1_000", "1_000"),
        ("10.4.1.20", "10.4.1.20"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'no'", "no"),
        ('"1"', "1"),
        (".5", 0.5),
        (".inf", float("inf")),
        ("<<", "<<"),
        ("=", "="),
        ("!!str 12", "12"),
        ("0042", 42),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(written, meant):
    assert value(written) == meant
    assert isinstance(value(written), type(meant))


def test_numbers_remember_how_they_were_written():
    assert value("0042").written == "0042"
    assert value("1.10").written == "1.10"


def test_keys_are_text():
    root, _ = read(b"0: a\nno: b\n1.0: c\n", "plant.yaml")
    assert root.plain() == {"0": "a", "no": "b", "1.0": "c"}


def test_a_key_twice_is_a_mistake_that_names_both_lines():
    root, (mistake,) = read(b"a: 1\nb:\n  c: 1\n  c: 2\n", "plant.yaml")
    assert str(mistake) == "plant.yaml:4: the key `c` stands here a second time"
    assert "line 3" in mistake.hint
    assert root.plain() == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize(
    ("content", "line", "text"),
    [
        (b"a: 1\n---\nb: 2\n", 2, "a second document begins"),
        (b"a: !!python/object:os.system x\n", 1, "is not known here"),
        (b"a: !thing {b: 1}\n", 1, "is not known here"),
        (b"- a\n- b\n", 1, "expected keys and values"),
        (b"just words\n", 1, "expected keys and values"),
        (b"a: 1\n? {b: 1}\n: 2\n", 2, "a key must be one word"),
        (b"a: *nowhere\n", 1, None),
        (b"a: &x [*x]\n", 1, None),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: [1, 2\nb: 3\n", 2, "reading YAML"),
        (b"a:\n\t- b\n", 2, "reading YAML"),
        (b"a: 'open\n", 2, "reading YAML"),
        (b"a: \x00\n", 1, "reading YAML"),
    ],
)
def test_what_cannot_be_read_is_one_mistake_with_its_line(content, line, text):
    root, (mistake,) = read(content, "plant.yaml")
    assert root.plain() == {}
    assert mistake.line == line or text == "reading YAML"
    assert (text or "x") in mistake.text or text is None


def test_many_laughs_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    _, mistakes = read("\n".join(lines).encode(), "plant.yaml")
    assert f"more than {MAX_VALUES:,} values" in mistakes[0].text


def test_aliases_cannot_nest_without_end():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000))]
    _, mistakes = read("\n".join(lines).encode(), "plant.yaml")
    assert f"deeper than {MAX_DEPTH}" in mistakes[0].text


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- "])
def test_deep_nesting_is_refused(opening):
    _, mistakes = read(b"a: " + opening * 50_000, "plant.yaml")
    assert len(mistakes) == 1


def test_an_alias_stands_for_its_anchor_and_has_its_own_line():
    root, mistakes = read(b"a: &x {b: 1}\nc: *x\n", "plant.yaml")
    assert not mistakes
    assert root.plain() == {"a": {"b": 1}, "c": {"b": 1}}
    assert root.at(("c",)).line == 2


def test_a_huge_file_is_refused_and_a_huge_text_is_read():
    _, (mistake,) = read(b"#" * (MAX_BYTES + 1), "plant.yaml")
    assert "more than" in mistake.text
    text = b"x" * 10_000_000
    root, mistakes = read(b"a: " + text, "plant.yaml")
    assert not mistakes
    assert root.plain() == {"a": text.decode()}


def test_an_empty_file_is_an_empty_plant():
    for content in (b"", b"# nothing yet\n", b"\xef\xbb\xbf\n", b"---\n"):
        root, mistakes = read(content, "plant.yaml")
        assert (root.plain(), mistakes) == ({}, [])


def test_lines_are_those_of_keys_and_dashes():
    root, _ = read(b"a:\n  b:\n    - x\n    -\n      c: 1\n", "plant.yaml")
    assert root.at(("a", "b")).line == 2
    assert root.at(("a", "b", 0)).line == 3
    assert root.at(("a", "b", 1, "c")).line == 5
    assert root.at(("a", "gone", "b", 7)).line == 2
