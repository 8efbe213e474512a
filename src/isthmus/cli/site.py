"""Running a site from the command line: signals, the sign-in link, progress, the last words."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
from pathlib import Path

from isthmus.cli.screen import Progress
from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.runtime.app import App
from isthmus.runtime.config import load
from isthmus.runtime.demonstration import Demonstration, Wish, stored
from isthmus.runtime.settings import Settings
from isthmus.web.server import WebServer

DATA = ".isthmus"
FASTEST = 600


def demonstrate(args: argparse.Namespace) -> int:
    """Run the demonstration; with `--for` print what was stored."""
    if not 0 < args.speed <= FASTEST:
        raise ConfigError(f"a speed of {args.speed:g}", hint="give --speed between 1 and 600")
    _logs(quiet=args.json)
    wish = Wish(args.folder, args.seed, args.speed, round(args.back_fill * 3600), args.keep)
    result = _loop(_demonstrate(wish, args))
    if args.json:
        print(json.dumps(result))
    elif args.seconds:
        for key, value in result.items():
            print(f"{key:>16}  {value}")
    return 0


async def _demonstrate(wish: Wish, args: argparse.Namespace) -> dict[str, float | int | None]:
    with Progress(quiet=args.json) as progress:
        demonstration = Demonstration(wish, progress.show)
        async with demonstration.open() as app:
            web = WebServer(app, host=app.settings.host, port=args.port)
            ready = asyncio.Event()
            running = asyncio.create_task(app.run(ready.set))
            serving = asyncio.create_task(web.serve())
            await _first(ready, running)
            filling = asyncio.create_task(demonstration.fill())
            _remember(wish.folder / "site", web)
            await _first(filling, running)
            progress.end()
            _greet(web, app, args)
            await _until_stopped(app, running, args.seconds)
            await running
            await serving
    return await asyncio.to_thread(stored, app)


def run_plant(args: argparse.Namespace) -> int:
    """Run the plant of a file until it is stopped."""
    _logs(quiet=args.json)
    plant = load(args.plant)
    folder = args.data or _beside(args.plant) / DATA
    settings = Settings.of(plant, folder)
    _loop(_run(App(plant, settings), args))
    return 0


async def _run(app: App, args: argparse.Namespace) -> dict[str, float | int | None]:
    port = app.settings.port if args.port is None else args.port
    web = WebServer(app, host=app.settings.host, port=port)
    ready = asyncio.Event()
    running = asyncio.create_task(app.run(ready.set))
    serving = asyncio.create_task(web.serve())
    await _first(ready, running)
    _remember(app.settings.folder, web)
    _greet(web, app, args)
    await _until_stopped(app, running, args.seconds)
    await running
    await serving
    return {}


def _beside(plant: Path) -> Path:
    return plant if plant.is_dir() else plant.parent


def _remember(folder: Path, web: WebServer) -> None:
    """Where the site answers, for `isthmus link`, `watch` and `query`."""
    (folder / "web" / "url").write_text(web.url, "utf-8")


def _greet(web: WebServer, app: App, args: argparse.Namespace) -> None:
    if args.json:
        return
    print(
        f"\n  {app.plant.enterprise} {app.plant.site} runs: {len(app.links)} connections, ", end=""
    )
    print(f"{len(app.namespace)} tags")
    print(f"\n  sign in, once:  {web.sign_in_link()}\n")
    print("  Ctrl-C stops it; `isthmus link` prints another link\n", flush=True)


async def _first(wanted: asyncio.Event | asyncio.Task[int], running: asyncio.Task[None]) -> None:
    """Wait for `wanted`, or fail with what ended the site."""
    waiting = asyncio.ensure_future(wanted.wait()) if isinstance(wanted, asyncio.Event) else wanted
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        waiting.cancel()
        running.result()
    await waiting


async def _until_stopped(app: App, running: asyncio.Task[None], seconds: float | None) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, app.stopping.set)
    stopped = asyncio.create_task(app.stopping.wait())
    await asyncio.wait({stopped, running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for name in (signal.SIGINT, signal.SIGTERM):  # a second one ends at once
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(name)
    app.stopping.set()


def _loop(main: object) -> dict[str, float | int | None]:
    """Run on uvloop where it is installed; a group of errors is told by its first of ours."""
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main)  # type: ignore[arg-type]
    except BaseExceptionGroup as group:
        ours = group.subgroup(IsthmusError)
        if ours is None:
            raise
        raise _leaf(ours) from group


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _logs(*, quiet: bool) -> None:
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    logging.getLogger("isthmus").setLevel(logging.WARNING if quiet else logging.INFO)
