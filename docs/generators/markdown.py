"""Markdown that is the same on every machine and on every day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by docs/generate.py from the code. Change the code, then run `make docs`. -->"
ORIGIN = "`{env: NAME}`, `{file: PATH}` or `{keyring: NAME}`"
"""How a secret is written."""


def page(title: str, *parts: str) -> str:
    """A whole page: its note, its title, its parts with a blank line between."""
    return "\n\n".join([NOTE, f"# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what stands in a cell is kept on one line and cannot end the cell."""
    lines = [_row(head), "|" + "---|" * len(head)]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in cells) + " |"


def code(value: object) -> str:
    """A value as a plant file or a JSON answer writes it."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"`{text}`" if text else "empty"


def block(text: str, language: str = "") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```"


def sentence(text: str) -> str:
    """A docstring as a paragraph each: lines joined, paragraphs kept."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))
