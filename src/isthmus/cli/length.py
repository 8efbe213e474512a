"""Lengths of time as people write them on a command line."""

from __future__ import annotations

from isthmus.model.errors import ConfigError


def seconds(text: str) -> float:
    """The seconds of `30 min`, `8h`, `5m`, `7 d`; ConfigError where it is no length of time."""
    from isthmus.historian.query.step import length
    from isthmus.model.errors import Refused

    try:
        return length(text) / 1e9
    except Refused as error:
        raise ConfigError(str(error), hint=error.hint) from error
