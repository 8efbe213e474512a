"""The error tree, from the classes."""

from __future__ import annotations

from collections.abc import Iterator

from generators.markdown import page, sentence, table
from isthmus.model.errors import ConfigError, IsthmusError, Refused
from isthmus.model.sample import Status

MEANINGS = {
    "IsthmusError": "read the hint",
    "ConfigError": "mend the file at the line that is named; all mistakes are told at once",
    "LinkError": "nothing, if it is the network: it is tried again after 1 to 60 s",
    "AuthError": "trust the certificate or mend the password; it is tried again every 5 min",
    "AbsentError": "see whether the edge is on and reaches its site; nothing was sent to it",
    "ProtocolError": "look at the device; its values are bad until it answers rightly",
    "StorageError": "free disk space, or end the other process that holds the folder",
    "Refused": "ask the person who may allow it; it is never tried again",
}


def tree(kind: type[IsthmusError] = IsthmusError, depth: int = 0) -> Iterator[tuple[int, type]]:
    """Every class of the tree with its depth, parents first."""
    yield depth, kind
    for below in sorted(kind.__subclasses__(), key=lambda each: each.__name__):
        if below.__module__ == IsthmusError.__module__:
            yield from tree(below, depth + 1)


def render() -> str:
    """The page."""
    rows = [
        (
            "&nbsp;&nbsp;" * depth + f"`{kind.__name__}`",
            sentence(kind.__doc__ or ""),
            MEANINGS[kind.__name__],
            "2" if issubclass(kind, ConfigError) else "1",
            "422" if issubclass(kind, Refused) else "503",
        )
        for depth, kind in tree()
    ]
    intro = (
        "Every error of ours is one of these. Each carries a `hint`: the command line prints it "
        "beneath the error, the API sends it as `hint` beside `error`."
    )
    words = [(f"`{Status.word(code)}`", f"`0x{code:08X}`", _severity(code)) for code in Status]
    return page(
        "Errors and qualities",
        intro,
        table(("error", "means", "what to do", "exit code", "HTTP status"), rows),
        "## Qualities",
        "The quality of a sample is a status code of OPC UA Part 4. These are the ones that our "
        "own parts set; any other code that a device sends is kept as it is. The topics of "
        "[When things break](../guides/when-things-break.md) say where they come from.",
        table(("word", "code", "severity"), words),
    )


def _severity(code: int) -> str:
    return ("good", "uncertain", "bad", "bad")[code >> 30 & 3]
