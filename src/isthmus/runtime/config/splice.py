"""New entries for a YAML text, put where they belong; not one other character changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from isthmus.runtime.config.document import LOADER
from isthmus.runtime.config.emit import block, flow, word

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Growth:
    """Entries to add to the mapping on the way `loc`; what is missing on the way is made."""

    loc: tuple[str, ...]
    entries: Mapping[str, object]


def splice(text: str, growth: Growth) -> str:
    """`text`, a YAML mapping, grown by new entries; none of them may be there already."""
    node = yaml.compose(text, Loader=LOADER)
    if node is None:
        return text + "\n".join(block(_nested(growth.loc, growth.entries), 0)) + "\n"
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("the file holds no keys and values")  # noqa: TRY004 - its content
    rest = list(growth.loc)
    key: yaml.Node = node
    while rest:
        found = _child(node, rest[0])
        if found is None:
            break
        key, below = found
        rest.pop(0)
        if not isinstance(below, yaml.MappingNode):
            return _begin(text, key, below, _nested(rest, growth.entries))
        node = below
    return _grow(text, key, node, _nested(rest, growth.entries))


def _nested(loc: Sequence[str], entries: Mapping[str, object]) -> Mapping[str, object]:
    for step in reversed(loc):
        entries = {step: entries}
    return entries


def _child(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(
        ((key, value) for key, value in node.value if str(key.value) == name),
        None,
    )


def _grow(text: str, key: yaml.Node, node: yaml.MappingNode, entries: Mapping[str, object]) -> str:
    """`text` with entries at the end of the mapping `node`, in that mapping's own style."""
    if not node.value:
        return _begin(text, key, node, entries)
    if not node.flow_style:
        indent = node.value[0][0].start_mark.column
        return _insert_lines(text, _end_of(text, node), block(entries, indent))
    written = text[node.start_mark.index : node.end_mark.index]
    added = ", ".join(f"{word(name)}: {flow(value)}" for name, value in entries.items())
    last = _end_of(text, node.value[-1][1])
    alone = text[text.rfind("\n", 0, key.start_mark.index) + 1 : key.start_mark.index].isspace()
    if alone and "\n" not in written and node.start_mark.column + len(written + added) > WIDTH:
        return _unfold(text, key, node, entries)
    return f"{text[:last]}, {added}{text[last:]}"


def _unfold(
    text: str, key: yaml.Node, node: yaml.MappingNode, entries: Mapping[str, object]
) -> str:
    """`text` with a mapping that stood on one line on lines of their own, and grown."""
    indent = key.start_mark.column + 2
    kept = (text[name.start_mark.index : value.end_mark.index] for name, value in node.value)
    lines = [*(" " * indent + entry for entry in kept), *block(entries, indent)]
    before = text[: node.start_mark.index].rstrip(" ")
    return _insert_lines(before + text[node.end_mark.index :], len(before), lines)


def _begin(text: str, key: yaml.Node, empty: yaml.Node, entries: Mapping[str, object]) -> str:
    """`text` with entries below `key`, whose value is empty: nothing, `~` or `{}`."""
    if isinstance(empty, yaml.SequenceNode) or (
        isinstance(empty, yaml.ScalarNode) and empty.value not in {"", "~", "null"}
    ):
        raise ValueError(f"`{key.value}` does not hold keys and values")
    start, end = empty.start_mark.index, empty.end_mark.index
    colon = key.end_mark.index + text[key.end_mark.index :].index(":") + 1
    if start < colon:  # an empty value has its place before the colon's end
        start = end = colon
    text = text[:start].rstrip(" ") + text[end:]
    return _insert_lines(text, colon, block(entries, key.start_mark.column + 2))


def _insert_lines(text: str, after: int, lines: Iterable[str]) -> str:
    """`text` with lines behind the line that holds the place `after`."""
    newline = "\r\n" if "\r\n" in text else "\n"
    added = newline.join(lines) + newline
    end = text.find("\n", max(after - 1, 0)) + 1
    if end == 0:
        return text + newline + added
    return text[:end] + added + text[end:]


def _end_of(text: str, node: yaml.Node) -> int:
    """The index behind the last character of `node`, comments and blank lines left out."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return len(text[:end].rstrip())
    return end
