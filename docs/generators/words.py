"""Roles, legends and units: words that a plant file may use."""

from __future__ import annotations

from generators.markdown import page, table
from isthmus.model.state import LEGENDS
from isthmus.model.tag import ROLES
from isthmus.model.unit_table import PREFIXES, UNITS

MEANINGS = {
    "state": "the machine's state; with `legend: packml` it makes availability and OEE",
    "cause": "why the machine does not execute; with `legend: cause` it names the losses",
    "good_count": "counter of good pieces: quality, effectiveness, energy a piece",
    "scrap_count": "counter of rejected pieces: quality",
    "energy": "counter of energy: kWh of a machine, a line, a piece",
    "power": "power now; integrated where there is no `energy` counter",
    "speed": "pieces or turns a time",
}
"""The roles that figures are made from; the other known names are kept and shown."""


def render() -> str:
    """The page."""
    roles = [(f"`{role}`", MEANINGS[role]) for role in MEANINGS if role in ROLES]
    others = ", ".join(f"`{role}`" for role in sorted(ROLES - set(MEANINGS)))
    legends = [
        f"### `legend: {name}`\n\n"
        + table(("code", "word"), ((str(code), f"`{word}`") for code, word in words.items()))
        for name, words in sorted(LEGENDS.items())
    ]
    symbols = ", ".join(f"`{symbol}`" for symbol in sorted(UNITS))
    prefixes = ", ".join(f"`{symbol}`" for symbol in PREFIXES)
    return page(
        "Words of a plant file",
        "## Roles",
        "A tag's role says what it means to other parts. A tag that has one of these names has "
        "that role without being told; `role:` gives it to a tag of another name. Any other word "
        "may be a role, too: it is kept and shown.",
        table(("role", "means"), roles),
        f"Known as well, not used by a figure yet: {others}.",
        "## Legends",
        "Codes of an enumeration and their words. A legend of your own is a mapping: "
        "`legend: {0: closed, 1: open}`.",
        *legends,
        "## Units",
        "Symbols are joined by `/` and `.`, each with an optional power: `kWh`, `1/min`, `m3/h`, "
        "`N.m`. Words in braces count things: `{bottles}/min`.",
        f"Symbols: {symbols}.",
        f"Prefixes, where the symbol takes them: {prefixes}.",
    )
