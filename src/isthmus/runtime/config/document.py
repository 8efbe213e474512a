"""YAML as values that know their file and line.

Scalars follow the core schema of YAML 1.2 alone. Keys are always text. Twice the same key, more
than one document, tags of other schemas, deep nesting and endless aliases are mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from isthmus.model.errors import Mistake
from isthmus.runtime.config.scalar import Scalar, scalar

MAX_BYTES = 16 << 20
MAX_DEPTH = 32
MAX_VALUES = 1_000_000

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser written in C where PyYAML has it: thirty times as fast."""
_STANDARD_TAG = "tag:yaml.org,2002:"
_SHOWN = 60


@dataclass(slots=True)
class Written:
    """One value of a file: a scalar, a list or a mapping, and the line of its key or dash."""

    file: str
    line: int
    value: Scalar = None
    entries: dict[str, Written] | None = None
    items: list[Written] | None = None
    weight: int = 1  # values inside, those of aliases counted each time
    height: int = 0  # levels below

    def plain(self) -> object:
        """The value without its places, as nested dicts and lists."""
        if self.entries is not None:
            return {key: entry.plain() for key, entry in self.entries.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.value

    def at(self, loc: Sequence[str | int]) -> Written:
        """The innermost value on the way `loc` that is really there."""
        found = self
        for step in loc:
            below: Written | None = None
            if found.entries is not None:
                below = found.entries.get(str(step))
            elif found.items is not None and isinstance(step, int) and step < len(found.items):
                below = found.items[step]
            if below is not None:
                found = below
        return found


class YamlMistake(Exception):  # noqa: N818 - carries a Mistake
    """The file cannot be read any further."""

    def __init__(self, line: int, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.line, self.text, self.hint = line, text, hint


def read(content: bytes, file: str) -> tuple[Written, list[Mistake]]:
    """What `content` holds, an empty mapping where it cannot be read; and all mistakes."""
    mistakes: list[Mistake] = []
    try:
        return _Composer(_text(content), file, mistakes).document(), mistakes
    except YamlMistake as wrong:
        mistakes.append(Mistake(file, wrong.line, wrong.text, wrong.hint))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        hint = "check the indentation, quotes and brackets here and just above"
        if "\\t" in str(problem):
            hint = "indent with spaces, not with tabs"
        mistakes.append(Mistake(file, line, f"reading YAML: {problem}", hint))
    return Written(file, 1, entries={}), mistakes


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise YamlMistake(1, f"reading YAML: more than {MAX_BYTES >> 20} MB", "split the file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlMistake(line, "reading YAML: not UTF-8 text", "save the file as UTF-8") from error


class _Composer:
    """Builds values from the parser's events, with no recursion and with every size bounded."""

    def __init__(self, text: str, file: str, mistakes: list[Mistake]) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)
        self._file, self._mistakes = file, mistakes
        self._anchors: dict[str, Written | None] = {}
        self._open: list[tuple[Written, str | None]] = []  # collections, and their anchors
        self._keys: list[tuple[str, int] | None] = []  # the key read last in each of them
        self._root: Written | None = None

    def document(self) -> Written:
        """The one document of the file."""
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlMistake(
                        _line(event), "a second document begins", "one file holds one document"
                    )
            step = _STEPS.get(type(event))
            if step is not None:
                step(self, event)
        root = self._root
        if root is None or (root.entries is None and root.items is None and root.value is None):
            return Written(self._file, 1, entries={})
        if root.entries is None:
            raise YamlMistake(root.line, "expected keys and values", "begin with `isthmus: 1`")
        return root

    def scalar(self, event: yaml.ScalarEvent) -> None:
        """A scalar: a value, or the key of the value to come."""
        line = _line(event)
        plain = bool(event.implicit[0])
        if event.tag not in {None, "!", _STANDARD_TAG + "str"}:
            raise YamlMistake(
                line, f"the tag `{event.tag[:_SHOWN]}` is not known here", "remove it"
            )
        text = event.value
        if self._expects_key():
            self._keys[-1] = (text, line)
            return
        value = scalar(text) if plain and event.tag is None else text
        self._add(Written(self._file, line, value), event.anchor)

    def begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        """A mapping or a list opens."""
        line = _line(event)
        if event.tag not in {None, "!", _STANDARD_TAG + "map", _STANDARD_TAG + "seq"}:
            raise YamlMistake(
                line, f"the tag `{event.tag[:_SHOWN]}` is not known here", "remove it"
            )
        if self._expects_key():
            raise YamlMistake(line, "a key must be one word", "quote it if it has brackets")
        if len(self._open) >= MAX_DEPTH:
            raise YamlMistake(line, f"nested deeper than {MAX_DEPTH} levels")
        if event.anchor is not None:
            self._anchors[event.anchor] = None  # not usable inside itself
        mapping = isinstance(event, yaml.MappingStartEvent)
        made = Written(self._file, self._key_line(line))
        made.entries, made.items = ({}, None) if mapping else (None, [])
        self._open.append((made, event.anchor))
        self._keys.append(None)

    def end(self, _: yaml.Event) -> None:
        """The innermost mapping or list closes."""
        made, anchor = self._open.pop()
        self._keys.pop()
        self._add(made, anchor)

    def alias(self, event: yaml.AliasEvent) -> None:
        """The value of an anchor once more."""
        line = _line(event)
        if self._expects_key():
            raise YamlMistake(line, "an alias cannot be a key")
        meant = self._anchors.get(event.anchor or "")
        if meant is None:
            raise YamlMistake(line, f"`*{event.anchor}` names nothing that is complete above it")
        self._add(meant, None)

    def _add(self, made: Written, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = made
        if not self._open:
            self._root = made
            return
        parent = self._open[-1][0]
        parent.weight += made.weight
        parent.height = max(parent.height, made.height + 1)
        if parent.height > MAX_DEPTH:
            raise YamlMistake(made.line, f"nested deeper than {MAX_DEPTH} levels")
        if parent.weight > MAX_VALUES:
            raise YamlMistake(made.line, f"more than {MAX_VALUES:,} values", "use fewer aliases")
        if parent.items is not None:
            parent.items.append(made)
            return
        key = self._keys[-1]
        self._keys[-1] = None
        if parent.entries is None or key is None:
            return
        name, line = key
        if name in parent.entries:
            first = parent.entries[name].line
            self._mistakes.append(
                Mistake(
                    self._file,
                    line,
                    f"the key `{name[:_SHOWN]}` stands here a second time",
                    f"it is also in line {first}: keep one of them",
                )
            )
            return
        if made.file == self._file and made.line != line:
            made = replace(made, line=line)
        parent.entries[name] = made

    def _expects_key(self) -> bool:
        return bool(self._open) and self._open[-1][0].entries is not None and self._keys[-1] is None

    def _key_line(self, line: int) -> int:
        key = self._keys[-1] if self._keys else None
        return key[1] if key else line


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


_STEPS: dict[type[yaml.Event], Callable[[_Composer, Any], None]] = {
    yaml.ScalarEvent: _Composer.scalar,
    yaml.MappingStartEvent: _Composer.begin,
    yaml.SequenceStartEvent: _Composer.begin,
    yaml.MappingEndEvent: _Composer.end,
    yaml.SequenceEndEvent: _Composer.end,
    yaml.AliasEvent: _Composer.alias,
}
