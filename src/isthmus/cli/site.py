"""Running a site from the command line: the sign-in link, progress, the last words."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from isthmus.cli.process import beside, first, logs, loop, until_stopped
from isthmus.cli.remote import COUNTERS, DATA, ZONE
from isthmus.cli.screen import Progress
from isthmus.model.errors import ConfigError
from isthmus.model.plant import Plant
from isthmus.runtime.app import App
from isthmus.runtime.config import load
from isthmus.runtime.demonstration import Demonstration, Wish, stored
from isthmus.runtime.settings import Settings
from isthmus.runtime.trust.example import example_permit
from isthmus.web.server import WebServer

FASTEST = 600


def demonstrate(args: argparse.Namespace) -> int:
    """Run the demonstration; with `--for` print what was stored."""
    if not 0 < args.speed <= FASTEST:
        raise ConfigError(f"a speed of {args.speed:g}", hint="give --speed between 1 and 600")
    logs(quiet=args.json)
    wish = Wish(args.folder, args.seed, args.speed, round(args.back_fill * 3600), args.keep)
    result = loop(_demonstrate(wish, args))
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
            await first(ready, running)
            serving = asyncio.create_task(web.serve())
            filling = asyncio.create_task(demonstration.fill())
            _remember(wish.folder / "site", web, app.plant)
            await first(filling, running)
            await asyncio.to_thread(example_permit, app)
            progress.end()
            _greet(web, app, args)
            await until_stopped(app.stopping, running, args.seconds)
            await running
            await serving
    return await asyncio.to_thread(stored, app)


def run_plant(args: argparse.Namespace) -> int:
    """Run the plant of a file until it is stopped."""
    logs(quiet=args.json)
    plant = load(args.plant)
    folder = args.data or beside(args.plant) / DATA
    settings = Settings.of(plant, folder, args.plant)
    loop(_run(App(plant, settings), args))
    return 0


async def _run(app: App, args: argparse.Namespace) -> dict[str, float | int | None]:
    port = app.settings.port if args.port is None else args.port
    web = WebServer(app, host=app.settings.host, port=port)
    ready = asyncio.Event()
    running = asyncio.create_task(app.run(ready.set))
    await first(ready, running)
    serving = asyncio.create_task(web.serve())
    _remember(app.settings.folder, web, app.plant)
    if args.json:
        body = {"url": web.url, "connections": len(app.links), "tags": len(app.namespace)}
        print(json.dumps(body), flush=True)
    _greet(web, app, args)
    await until_stopped(app.stopping, running, args.seconds)
    await running
    await serving
    return {}


def _remember(folder: Path, web: WebServer, plant: Plant) -> None:
    """Where the site answers, and what whoever reads its files alone needs of the plant file."""
    (folder / "web" / "url").write_text(web.url, "utf-8")
    (folder / ZONE).write_text(plant.timezone, "utf-8")
    counters = {tag.path: asdict(tag.counter) for tag in plant.tags() if tag.counter}
    (folder / COUNTERS).write_text(json.dumps(counters, indent=0), "utf-8")


def _greet(web: WebServer, app: App, args: argparse.Namespace) -> None:
    if args.json:
        return
    print(
        f"\n  {app.plant.enterprise} {app.plant.site} runs: {len(app.links)} connections, ", end=""
    )
    print(f"{len(app.namespace)} tags")
    print(f"\n  sign in, once:  {web.sign_in_link()}\n")
    print("  Ctrl-C stops it; `isthmus link` prints another link\n", flush=True)
