"""Paths name everything in a plant, and patterns select paths.

A path is levels joined by `/`, relative to the site: `packaging/line1/filler/speed`. A level is
made of letters, digits, `_` and `-`; upper and lower case are different names.

In a pattern `*` stands for any part of one level and `**`, alone on a level, for any number of
levels, none included. A pattern without any `*` selects the path it names and all below it, so
`packaging/line1` is everything of that line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from os.path import commonprefix

MAX_LEVELS = 16
MAX_LEVEL = 64
MAX_PATH = 256

_LEVEL = re.compile(r"[A-Za-z0-9_-]+")
_PATTERN_LEVEL = re.compile(r"[A-Za-z0-9_*-]+")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_SHOWN = 40
_COMPARED = 300


def fault(path: str) -> str:
    """What is wrong with `path` as a name in the plant, empty where nothing is."""
    return _fault(path, _LEVEL, "letters, digits, `_` and `-`")


def level_fault(name: str) -> str:
    """What is wrong with `name` as one level of a path, empty where nothing is."""
    if "/" in name:
        return f"`{_short(name)}` is one level of a path and cannot hold `/`"
    return fault(name)


def join(*parts: str) -> str:
    """The path of `parts` below one another; empty parts are left out."""
    return "/".join(part for part in parts if part)


def split(path: str) -> tuple[str, ...]:
    """The levels of `path`, none for the empty path."""
    return tuple(path.split("/")) if path else ()


def as_level(text: str) -> str:
    """A valid level as near to `text` as can be: `Motor Temp. (°C)` becomes `Motor_Temp_C`."""
    return _UNFIT.sub("_", text[: 4 * MAX_LEVEL]).strip("_")[:MAX_LEVEL] or "unnamed"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name in `known` that was most likely meant by `word`, None where none is close."""
    if not word or len(word) > MAX_PATH:
        return None
    meant = word.casefold()
    folded = {name.casefold(): name for name in reversed(list(known))}
    names: Iterable[str] = folded
    if len(folded) > _COMPARED:  # comparing is slow: first those that begin or end alike
        names = nlargest(_COMPARED, folded, key=lambda name: _alike(name, meant))
    found = get_close_matches(meant, names, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def _alike(one: str, other: str) -> int:
    ends = commonprefix((one[::-1], other[::-1]))  # noqa: RUF071 - characters, not folders
    return len(ends) + len(commonprefix((one, other)))  # noqa: RUF071


@dataclass(frozen=True, slots=True)
class Pattern:
    """A selection of paths, made by `Pattern.parse`."""

    levels: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """The pattern that `text` writes; ValueError where it is none."""
        wrong = _fault(text, _PATTERN_LEVEL, "letters, digits, `_`, `-` and `*`")
        if wrong:
            raise ValueError(wrong)
        levels = split(text)
        for level in levels:
            if "**" in level and level != "**":
                raise ValueError(f"`**` stands alone on its level, not as in `{_short(level)}`")
        if "*" not in text:
            levels = (*levels, "**")
        return cls(levels)

    def matches(self, path: str, root: str = "") -> bool:
        """Whether `path`, or `path` below `root` (`acme/riverside`), is selected."""
        levels = split(path)
        if _glob(self.levels, levels, "**", _level_matches):
            return True
        return bool(root) and _glob(self.levels, split(root) + levels, "**", _level_matches)

    def select(self, paths: Iterable[str], root: str = "") -> list[str]:
        """Those of `paths` that are selected, in their order."""
        return [path for path in paths if self.matches(path, root)]


def _level_matches(pattern: str, level: str) -> bool:
    return pattern == level or ("*" in pattern and _glob(pattern, level, "*", str.__eq__))


def _glob(
    pattern: Sequence[str], items: Sequence[str], any_number: str, same: Callable[[str, str], bool]
) -> bool:
    """Whether `pattern` covers all of `items`; goes back to the last star only, so never slow."""
    at = place = 0
    star, resume = -1, 0
    while place < len(items):
        if at < len(pattern) and pattern[at] == any_number:
            star, resume = at, place
            at += 1
        elif at < len(pattern) and same(pattern[at], items[place]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(left == any_number for left in pattern[at:])


def _fault(path: str, level_form: re.Pattern[str], allowed: str) -> str:
    if not path:
        return "a path needs at least one level"
    if len(path) > MAX_PATH:
        return f"a path has at most {MAX_PATH} characters, `{_short(path)}` has {len(path)}"
    levels = path.split("/")
    if len(levels) > MAX_LEVELS:
        return f"a path has at most {MAX_LEVELS} levels, `{_short(path)}` has {len(levels)}"
    return next(filter(None, (_level_fault(level, level_form, allowed) for level in levels)), "")


def _level_fault(level: str, form: re.Pattern[str], allowed: str) -> str:
    if not level:
        return "a path has no empty level: no `/` at its start or end, no `//`"
    if not form.fullmatch(level):
        return f"`{_short(level)}` is no name: only {allowed}"
    if len(level) > MAX_LEVEL:
        return f"a level has at most {MAX_LEVEL} characters, `{_short(level)}` has {len(level)}"
    return ""


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
