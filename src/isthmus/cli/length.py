"""Lengths of time as people write them on a command line."""

from __future__ import annotations

import re

from isthmus.model.errors import ConfigError


def seconds(text: str) -> float:
    """The seconds of `30 min`, `8h`, `5m`, `7 d`; ConfigError where it is no length of time."""
    from isthmus.model.unit import Quantity, UnitError

    spoken = re.sub(r"(?<=\d)\s*m$", " min", text.strip())  # `5m` is said of minutes here
    try:
        return float(Quantity.parse(spoken).to("s"))
    except (UnitError, ValueError) as error:
        raise ConfigError(f"`{text}` is no length of time", hint="such as 30min, 8h, 7d") from error
