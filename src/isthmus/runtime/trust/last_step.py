"""The last step of a write, beside the machine: sent by the link that serves it, and read back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from isthmus.model.errors import ConfigError, IsthmusError, LinkError, Refused
from isthmus.model.event import Action
from isthmus.model.ports import Address, Binding, ReadBack, Writer
from isthmus.model.sample import TagId
from isthmus.runtime.collect.link import Link
from isthmus.runtime.trust.raw import raw_of, same, value_of

MORE = 2.0  # seconds beyond a connection's own timeout


@dataclass(frozen=True, slots=True)
class Step:
    """How the last step went.

    `state` is `sent`, or why it was not: `refused` (nobody tried), `failed`, `unknown`. `after` is
    what the device holds in the tag's unit, `said` what it says against the write. Where a device
    cannot be asked it is `blind`: the next value that comes in tells.
    """

    state: str
    after: float | None = None
    said: str = ""
    blind: bool = False


async def take(link: Link | None, action: Action) -> Step:
    """Write the value, in the tag's unit, and read it back."""
    source: object = link.source if link else None
    if link is None or not isinstance(source, Writer):
        return Step("failed", said="the connection went down")
    said, binding = "", bound(link, action.tag)
    try:
        raw = raw_of(binding, action.value)
        async with asyncio.timeout(link.config.timeout + MORE):
            await source.write(Action(action.tag, raw, action.reason, action.by))
    except (Refused, ConfigError) as error:
        return Step("failed", said=str(error))
    except (LinkError, TimeoutError) as error:
        return Step("unknown", said=f"the link failed while it was written: {error}")
    except IsthmusError as error:  # it was accepted, and perhaps reads back as another
        said = str(error)
    if not isinstance(source, ReadBack):
        return Step("sent", said=said, blind=True)
    with suppress(IsthmusError, TimeoutError):
        async with asyncio.timeout(link.config.timeout + MORE):
            return Step("sent", value_of(binding, await source.read_back(action.tag)), said)
    return Step("sent", said=said)


def longest(timeout: float) -> float:
    """Seconds that the step takes at most, over a link with this timeout."""
    return 2 * (timeout + MORE)


def bound(link: Link, tag: TagId) -> Binding[Address]:
    """Where `tag` is on its device."""
    return next(each for each in link.bindings if each.id == tag)


def ended(
    wish: float, before: float, after: float | None, said: str
) -> tuple[str, float | None, str]:
    """How a write ended, by what the device holds after it and what it `said` against it."""
    if after is None:
        told = said or "the device confirmed it, and it could not be read back"
        return ("failed" if said else "unknown"), None, told
    if same(wish, after) and not said:
        return "written", after, ""
    if said and same(before, after):
        return "failed", after, said
    return "mismatch", after, said or f"it reads back {after:g}"
