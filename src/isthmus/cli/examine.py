"""The examinations of `isthmus doctor`: each says what it looked at, what it found, what to do."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from isthmus.cli.finding import Finding
from isthmus.cli.remote import Remote
from isthmus.model.errors import ConfigError, IsthmusError, LinkError

if TYPE_CHECKING:
    from isthmus.model.plant import Plant

GB = 1 << 30
LITTLE = 2 * GB
NEEDED = 256 << 20  # as `LakeSettings.reserve_bytes`
VERIFIED = GB  # of history, the newest
EDGE_SILENT_S = 10.0
SOON = 30  # days
MANY_LATE = 10_000  # samples of a link since the start


def examine(folder: Path, plant: Path | None) -> list[Finding]:
    """All findings; an examination that fails is a finding as well."""
    from isthmus.cli.examine_backup import examine_backup
    from isthmus.runtime.edge.node import STATUS_FILE

    found: list[Finding] = []
    edge = (folder / STATUS_FILE).exists()
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("python", _python),
        ("connectors", _connectors),
        ("nats-server", _nats),
        ("pages", _pages),
        ("disk", lambda: _disk(folder)),
        ("plant file", lambda: _plant(plant)),
        ("certificates", lambda: certificates(folder)),
        *([] if edge else [("history", lambda: _history(folder))]),
        *([] if edge else [("backup", lambda: examine_backup(folder))]),
        ("exports", lambda: _exports(folder)),
        ("edge", lambda: _edge(folder)) if edge else ("site", lambda: _site(folder)),
    ]
    for what, look in looks:
        try:
            found += look()
        except IsthmusError as error:
            found.append(Finding(what, "wrong", str(error), error.hint))
        except Exception as error:  # noqa: BLE001 - the doctor never dies of a patient
            found.append(Finding(what, "wrong", f"{type(error).__name__}: {error}"))
    return found


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "well", f"{version} at {sys.executable}")


def _connectors() -> Iterator[Finding]:
    from isthmus.runtime.config import PartError, Parts

    parts = Parts()
    for kind in parts:
        try:
            parts[kind]
        except PartError as error:
            yield Finding(f"connector {kind}", "note", str(error), error.hint)
        else:
            yield Finding(f"connector {kind}", "well", "installed")


def _nats() -> Iterator[Finding]:
    from isthmus.bus.binary import inspect, locate

    binary = inspect(locate())
    yield Finding("nats-server", "well", f"{binary.word}, sha256 {binary.sha256[:16]}...")


def _pages() -> Iterator[Finding]:
    from isthmus.web.server import pages

    folder = pages()
    if folder is None:
        yield Finding("pages", "wrong", "not built", "in a working tree: `make ui`")
    else:
        yield Finding("pages", "well", "built")


def _disk(folder: Path) -> Iterator[Finding]:
    place = folder
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        yield Finding("disk", "wrong", f"{place} cannot be written", "run as its owner")
    elif free < LITTLE:
        text = f"{free / GB:.1f} GB free"
        if free < NEEDED:
            text = f"{free >> 20} MB free; sealing needs {NEEDED >> 20} MB, the stream 64 MB"
        yield Finding("disk", "wrong", text, "make room, or move the data with --data")
    else:
        yield Finding("disk", "well", f"{free / GB:.0f} GB free for {folder}")


def _plant(plant: Path | None) -> Iterator[Finding]:
    from isthmus.runtime.config import lint
    from isthmus.runtime.trust.hops import hops

    file = plant or Path("plant.yaml")
    if plant is None and not file.exists():
        yield Finding("plant file", "note", "none here", "`isthmus new plant --to plant.yaml`")
        return
    found, mistakes = lint(file)
    for mistake in mistakes:
        yield Finding("plant file", "wrong", str(mistake), mistake.hint)
    if found is not None:
        yield Finding("plant file", "well", f"{file}: no mistakes")
        for hop in hops(found):
            yield Finding(hop.what, hop.weight, f"{hop.where}: {hop.found}", hop.do)
        yield from _engine(found)


def _engine(plant: Plant) -> Iterator[Finding]:
    """The server that keeps history, where it is not files."""
    import asyncio

    from isthmus.runtime.collect.probe import probe_history

    probe = asyncio.run(probe_history(plant, Path()))
    if probe is not None:
        state: Literal["well", "wrong"] = "wrong" if probe.error else "well"
        yield Finding("history's server", state, probe.error or probe.found, probe.hint)


def certificates(folder: Path) -> Iterator[Finding]:
    """Certificates of ours that end, and those of devices that nobody approved."""
    from cryptography import x509

    from isthmus.runtime.trust.pending import Devices

    now = datetime.now(UTC)
    renewed = (folder / "identity").glob("*.crt")  # of an edge
    for file in sorted([*(folder / "pki").glob("*.crt"), *renewed]):
        again = "restart the site: it makes a new one"
        if file.stem in ("ca", "chain"):
            again = (
                f"restore {file} and its key from a backup, or move both away for a new plant CA"
            )
        try:
            shown = x509.load_pem_x509_certificate(file.read_bytes())
        except ValueError:
            yield Finding("certificate", "wrong", f"{file.stem} cannot be read: {file}", again)
            continue
        begins, ends = shown.not_valid_before_utc, shown.not_valid_after_utc
        word = "ended" if ends < now else "ends"
        found = f"{file.stem} {word} {ends:%Y-%m-%d}"
        if ends - now < (ends - begins) / 4:  # it is renewed after two thirds of its life
            yield Finding("certificate", "wrong", found, again)
        else:
            yield Finding("certificate", "well", found)
    for one in Devices(folder / "links").waiting():
        text = f"{one.link} shows one that nobody has approved, SHA-256 {one.sha256}"
        yield Finding(
            "certificate", "wrong", text, f"`isthmus cert trust approve ... --link {one.link}`"
        )


def _history(folder: Path) -> Iterator[Finding]:
    from isthmus.runtime.history.opened import HistoryPlace

    told = HistoryPlace.of(folder)
    if told.engine != "lake":
        hint = "`isthmus check --probe` asks that server; back it up as your other databases"
        yield Finding("history", "note", f"kept by {told.engine} at {told.place}", hint)
        return
    root = folder / "history"
    if not root.is_dir():
        yield Finding("history", "note", f"none in {folder}", "start a site, or name --data")
        return
    from isthmus.historian.delta.reader import Reader

    reader = Reader(root)
    question = "select count(*) as n, max(time) as newest from samples"
    try:
        reader.verify(VERIFIED)
        row = reader.sql(question, seconds=60, rows=1).to_pylist()[0]
    except IsthmusError as error:
        hint = error.hint or "start the site: it sets damaged files aside and says which"
        yield Finding("history", "wrong", str(error), hint)
        return
    yield Finding("history", "well", f"{row['n']:,} samples sealed, newest {row['newest']}")
    yield from _outlook(root)
    if broken := reader.damage.told():
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        text = f"damaged and left out: {broken[0]}{more}"
        yield Finding("history", "wrong", text, "start the site: it sets damaged files aside")
    for aside in sorted(root.glob("quarantine/*")):
        yield Finding(
            *("history", "wrong", f"set aside as damaged: {aside.name}"),
            "restore the folder history from a backup, or delete this file",
        )


def _exports(folder: Path) -> Iterator[Finding]:
    """How the newest file of each scheduled export went."""
    from isthmus.runtime.export.scheduled import remembered

    for told in remembered(folder).values():
        if told.error:
            yield Finding(f"export {told.name}", "wrong", told.error, told.hint)
        elif told.file:
            yield Finding(f"export {told.name}", "well", f"{told.rows:,} rows in {told.file}")


def _outlook(root: Path) -> Iterator[Finding]:
    from isthmus.historian.keep.ledger import kept

    known = kept(root)
    found = known.forecast
    if known.archive_trouble:
        hint = "does the archive answer? history stays here meanwhile"
        yield Finding("archive", "wrong", known.archive_trouble, hint)
    if found is None:
        return
    soon = found.full_in is not None and found.full_in < SOON
    hint = "keep less, `history: {keep}`, or allow more, `history: {disk}`" if soon else ""
    yield Finding("history's disk", "wrong" if soon else "well", str(found), hint)


def _edge(folder: Path) -> Iterator[Finding]:
    from isthmus.runtime.edge.node import EdgeNode

    told = EdgeNode.last_status(folder)
    if told is None:
        yield Finding("edge", "wrong", f"its status in {folder} is damaged", "restart it")
        return
    silent = time.time() - told.time / 1e9
    if silent > EDGE_SILENT_S:
        text = f"last heard of {silent:.0f} s ago"
        yield Finding("edge", "wrong", text, "start it: `isthmus run --edge NAME`")
        return
    yield Finding("edge", "well" if told.bus == "up" else "wrong", f"its stream is {told.bus}")
    waiting = f"{told.behind:,} messages wait for the site, {told.lost} lost"
    if told.uplink == "up":
        yield Finding("uplink", "well", waiting)
    else:
        hint = "is the site on, is its address right, does its plant file name this edge?"
        yield Finding("uplink", "wrong", f"{told.uplink}, {waiting}: {told.why}", hint)
    for name, link in told.links.items():
        state: Literal["well", "wrong"] = "well" if link.condition == "up" else "wrong"
        text = f"{link.condition.value}, {link.lost} lost"
        yield Finding(
            f"link {name}", state, f"{text}: {link.error}" if link.error else text, link.hint
        )


def _late(link: dict[str, Any]) -> Iterator[Finding]:
    """Many samples that came late and filled no gap: a clock, or two that tell one tag."""
    late = link["late"] - link["counts"].get("backfilled", 0)
    if late >= MANY_LATE:
        yield Finding(
            f"late samples of {link['name']}",
            "note",
            f"{late:,} came after newer ones of their tag, {link['corrected']:,} changed others",
            "does its device keep time, do two connections tell one tag? "
            "`isthmus query --sql \"select * from events where kind = 'late'\"` tells when",
        )


def _site(folder: Path) -> Iterator[Finding]:
    try:
        site = Remote.of(folder)
        began = time.monotonic()
        links = site.get("/api/links")
    except (LinkError, ConfigError) as error:
        yield Finding("site", "note", str(error), error.hint)
        return
    yield Finding(
        "site", "well", f"{site.url} answers in {1e3 * (time.monotonic() - began):.0f} ms"
    )
    for link in links["links"]:
        up = link["state"] == "up"
        yield Finding(
            f"link {link['name']}",
            "well" if up else "wrong",
            f"{link['state']}, {link['rate']:.0f} values/s, {link['lost']} lost"
            + (f": {link['error']}" if link["error"] else ""),
            link["hint"],
        )
        yield from _late(link)
    sql = site.get("/api/sql/status")
    if sql["state"] != "off" or sql["trouble"]:
        text = (
            f"{sql['state']} {sql['address']}, {sql['sessions']} sessions, "
            f"{sql['running']} queries, {sql['refused']} refused, {sql['crowded']} turned away"
        )
        sound: Literal["well", "wrong"] = "wrong" if sql["trouble"] else "well"
        yield Finding("SQL endpoint", sound, sql["trouble"] or text, sql["hint"])
    for sink in site.get("/api/sinks"):
        well = sink["state"] == "up" and not sink["missed"]
        behind = f"{sink['lag_s']:.0f} s behind, {sink['missed']} messages missed"
        yield Finding(
            f"sink {sink['name']}",
            "well" if well else "wrong",
            f"{sink['state']}, {sink['sent']:,} samples sent, {behind}"
            + (f": {sink['error']}" if sink["error"] else ""),
            sink["hint"],
        )
