"""What each long-running command does: signals, the event loop, logs, the plant's folder."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from isthmus.model.errors import IsthmusError

T = TypeVar("T")


def beside(plant: Path) -> Path:
    """The folder in which the plant file, or the plant's folder, keeps its things."""
    return plant if plant.is_dir() else plant.parent


async def first(wanted: asyncio.Event | asyncio.Task[int], running: asyncio.Task[None]) -> None:
    """Wait for `wanted`, or fail with what ended `running`."""
    waiting = asyncio.ensure_future(wanted.wait()) if isinstance(wanted, asyncio.Event) else wanted
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        waiting.cancel()
        running.result()
    await waiting


async def until_stopped(
    stopping: asyncio.Event, running: asyncio.Task[None], seconds: float | None
) -> None:
    """Return with `stopping` set: by a signal, after `seconds`, or because `running` ended."""
    event_loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            event_loop.add_signal_handler(name, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({stopped, running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for name in (signal.SIGINT, signal.SIGTERM):  # a second one ends at once
        with contextlib.suppress(NotImplementedError):
            event_loop.remove_signal_handler(name)
    stopping.set()


def loop(main: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it is installed; a group of errors is told by its first of ours."""
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main)
    except BaseExceptionGroup as group:
        ours = group.subgroup(IsthmusError)
        if ours is None:
            raise
        raise _leaf(ours) from group


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def logs(*, quiet: bool) -> None:
    """Log to standard error, only warnings where `quiet`."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    logging.getLogger("isthmus").setLevel(logging.WARNING if quiet else logging.INFO)
