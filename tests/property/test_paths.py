"""Paths and patterns against a naive reading of their rules as regular expressions."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.path import (
    MAX_LEVEL,
    MAX_LEVELS,
    MAX_PATH,
    Pattern,
    as_level,
    fault,
    join,
    level_fault,
    nearest,
    split,
)

levels = st.text("abAB_-1", min_size=1, max_size=4)
paths = st.lists(levels, min_size=1, max_size=5).map("/".join)
pattern_levels = st.one_of(
    st.just("**"), st.text("ab*1", min_size=1, max_size=4).filter(lambda text: "**" not in text)
)
patterns = st.lists(pattern_levels, min_size=1, max_size=5).map("/".join)


def oracle(pattern: str, path: str) -> bool:
    if "*" not in pattern:
        pattern += "/**"
    expression = "".join(
        "(?:/[^/]+)*" if level == "**" else "/" + re.escape(level).replace(r"\*", "[^/]*")
        for level in pattern.split("/")
    )
    return re.fullmatch(expression, "/" + path) is not None


@given(patterns, paths, st.sampled_from(["", "acme/riverside", "a/b"]))
def test_a_pattern_selects_what_its_rules_say(pattern, path, root):
    expected = oracle(pattern, path) or (bool(root) and oracle(pattern, f"{root}/{path}"))
    assert Pattern.parse(pattern).matches(path, root) is expected


@given(st.lists(levels, min_size=1, max_size=MAX_LEVELS))
def test_joined_levels_split_into_themselves(parts):
    path = join(*parts)
    assert fault(path) == ""
    assert split(path) == tuple(parts)
    assert join(*split(path)) == path


@given(st.text(max_size=300))
def test_any_text_becomes_a_level(text):
    assert level_fault(as_level(text)) == ""


@given(st.text(max_size=400))
def test_a_text_is_a_path_or_has_a_fault(text):
    good = re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", text)
    short = len(text) <= MAX_PATH and text.count("/") < MAX_LEVELS
    short = short and all(len(level) <= MAX_LEVEL for level in text.split("/"))
    assert (fault(text) == "") is bool(good and short)


@given(st.text(max_size=300))
def test_any_text_is_a_pattern_or_a_value_error(text):
    with suppress(ValueError):
        made = Pattern.parse(text)
        assert made.matches(text.replace("*", "x")) or "**" in text


@pytest.mark.parametrize(
    ("pattern", "path", "selected"),
    [
        ("packaging/line1", "packaging/line1", True),
        ("packaging/line1", "packaging/line1/filler/speed", True),
        ("packaging/line1", "packaging/line10/filler/speed", False),
        ("packaging/*/power", "packaging/line1/power", True),
        ("packaging/*/power", "packaging/line1/filler/power", False),
        ("**/power", "packaging/line1/filler/power", True),
        ("**/motor_*", "packaging/line1/filler/motor_temp", True),
        ("acme/**/energy", "packaging/line1/energy", True),
        ("acme/riverside", "packaging/line1/energy", True),
        ("Packaging", "packaging/line1", False),
        ("packaging/**", "packaging", True),
    ],
)
def test_patterns_that_people_write(pattern, path, selected):
    assert Pattern.parse(pattern).matches(path, "acme/riverside") is selected


@pytest.mark.parametrize("text", ["", "/", "a//b", "/a", "a/", "a b", "a/**b", "ä", "a" * 65])
def test_texts_that_are_no_pattern(text):
    with pytest.raises(ValueError, match=r"level|name|alone"):
        Pattern.parse(text)


def test_many_stars_are_never_slow():
    assert not Pattern.parse("*a" * 30 + "b").matches("a" * 64)
    assert not Pattern.parse("/".join(["**"] * 15 + ["b"])).matches("/".join("a" * 16))


def test_the_nearest_word_is_the_one_meant():
    known = ["speed", "state", "power"]
    assert nearest("sped", known) == "speed"
    assert nearest("POWER", known) == "power"
    assert nearest("xyz", known) is None
    assert nearest("", known) is None
    assert nearest("s" * 10_000, known) is None
