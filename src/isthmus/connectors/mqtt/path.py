"""Where in a JSON document a value is: the part of RFC 9535 that names exactly one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MISSING: Final = object()
DEEPEST = 64

# RFC 9535, 2.5.1.1: a shorthand name; 2.3.1.1 and 2.3.3.1: quoted name and index in brackets.
STEP = re.compile(
    r"""\.(?P<name>[^\W\d][\w-]*)
      | \[(?P<index>-?\d{1,9})\]
      | \['(?P<single>(?:[^'\\]|\\.)*)'\]
      | \["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """Steps from the root of a document: a text is a member's name, a number an element's place."""

    steps: tuple[str | int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """The path that `text` writes, such as `$.data[0]['motor temp']`; ValueError if none."""
        if not text.startswith("$"):
            raise ValueError(f"`{text}`: a JSON path starts with `$`")
        steps: list[str | int] = []
        place = 1
        while place < len(text):
            found = STEP.match(text, place)
            if found is None:
                raise ValueError(
                    f"`{text}`: expecting `.name`, `['name']` or `[0]` at character {place + 1}"
                )
            if found["index"] is not None:
                steps.append(int(found["index"]))
            elif found["name"] is not None:
                steps.append(found["name"])
            else:
                quoted = found["single"] if found["single"] is not None else found["double"]
                steps.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
            place = found.end()
        if len(steps) > DEEPEST:
            raise ValueError(f"`{text[:40]}...`: a JSON path has at most {DEEPEST} steps")
        return cls(tuple(steps))

    def find(self, document: object) -> object:
        """What is at this path of a decoded document; `MISSING` where there is nothing."""
        for step in self.steps:
            if isinstance(step, str):
                if not isinstance(document, dict) or step not in document:
                    return MISSING
                document = document[step]
            else:
                if not isinstance(document, list) or not -len(document) <= step < len(document):
                    return MISSING
                document = document[step]
        return document

    def __str__(self) -> str:
        return "$" + "".join(written(step) for step in self.steps)


def written(name: str | int) -> str:
    """One step as a path writes it: `.name`, `['other name']` or `[0]`."""
    if isinstance(name, int):
        return f"[{name}]"
    if re.fullmatch(r"[^\W\d][\w-]*", name):
        return f".{name}"
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"
