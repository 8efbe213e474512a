"""Back a site up, also while it runs; list and verify the backups of a place.

What did not change since an earlier backup is not copied again. A backup holds the sealed history,
names, links and the plant's keys: keep it where only you can read. The last minute of a running
site is in its stream, and is read again after a restore on the same machine.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.remote import data_argument, data_folder
from isthmus.model.errors import ConfigError

if TYPE_CHECKING:
    from isthmus.historian.backup.document import Backup
    from isthmus.historian.backup.make import Source
    from isthmus.historian.keep.place import Place, Target

EXAMPLE = """examples:
  isthmus backup /mnt/nas/isthmus
  isthmus backup s3://plant-backups/line1 --endpoint https://s3.plant.example --keep 30
  isthmus backup /mnt/nas/isthmus --list
  isthmus backup /mnt/nas/isthmus --verify
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    target_arguments(parser, "where to: a folder, or s3://bucket/prefix (as the last time)", "?")
    parser.add_argument("--list", action="store_true", help="list the backups that lie there")
    parser.add_argument(
        "--verify", action="store_true", help="read one back and compare every checksum"
    )
    parser.add_argument("--point", help="which backup to verify (the newest)")
    parser.add_argument("--keep", type=int, default=0, help="keep so many, let older ones go (all)")
    parser.add_argument("--plant", type=Path, help="the plant file to keep with it (./plant.yaml)")
    data_argument(parser)


def target_arguments(parser: argparse.ArgumentParser, words: str, count: str | None) -> None:
    """The options that say which place is meant."""
    parser.add_argument("target", nargs=count, help=words)
    parser.add_argument("--endpoint", default="", help="address of an S3 store of your own")
    parser.add_argument("--region", default="", help="region of the bucket")


def run(args: argparse.Namespace) -> int:
    """Run the command: 1 where something is damaged."""
    from isthmus.historian.keep.place import place

    folder = data_folder(args.data)
    target = _target(args, folder)
    store = place(target)
    if args.list:
        return _list(store, args)
    if args.verify:
        return _verify(store, args)
    return _make(store, target, folder, args)


def _target(args: argparse.Namespace, folder: Path) -> Target:
    """The place that was named, else where the last backup went."""
    from isthmus.historian.backup.state import remembered
    from isthmus.historian.keep.place import Target

    if args.target:
        text = args.target if "://" in args.target else str(Path(args.target).absolute())
        return Target(text, args.endpoint, args.region)
    state = remembered(folder)
    if state is None or not state.target.get("to"):
        raise ConfigError(
            "where to?", hint="name a folder or s3://bucket/prefix, or write `history: {backup}`"
        )
    return Target.of(state.target)


def _make(store: Place, target: Target, folder: Path, args: argparse.Namespace) -> int:
    from isthmus.cli.screen import Progress
    from isthmus.historian.backup.make import back_up
    from isthmus.historian.backup.state import after, remember, remembered
    from isthmus.historian.keep.forecast import size

    if args.keep < 0:
        raise ConfigError(f"--keep {args.keep}", hint="give how many shall stay, 0 for all")
    with Progress(quiet=args.json) as progress:
        made = back_up(source(folder, args.plant), store, keep=args.keep, progress=progress.show)
    known = remembered(folder)
    if known is None or not known.every:  # else the place of the running site stays what it is
        remember(folder, after(made, target, 0.0))
    backup = made.backup
    if args.json:
        counts = {key: getattr(made, key) for key in ("copied_files", "copied_bytes", "pruned")}
        print(json.dumps({**_told(backup), **counts, "seconds": round(made.seconds, 3)}))
        return 1 if backup.damaged else 0
    rows = next((table.rows for table in backup.tables if table.name == "samples"), 0)
    print(f"backup {backup.point} in {store.url}: {rows:,} samples, {size(backup.size)} in all")
    print(f"copied {made.copied_files:,} files, {size(made.copied_bytes)}, {made.seconds:.1f} s")
    if made.pruned:
        print(f"let {made.pruned} older backups go")
    private = [thing.path for thing in backup.things if thing.private]
    if private:
        print(f"it holds {len(private)} files that only you may read, {private[0]} for one")
    for text in backup.damaged:
        print(f"damaged before it was copied, left out: {text}")
    return 1 if backup.damaged else 0


def source(folder: Path, plant: Path | None) -> Source:
    """What there is to back up in a data folder."""
    from isthmus.historian.backup.make import Source
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.config import load
    from isthmus.runtime.settings import Settings

    near = [plant] if plant else [folder.parent / "plant.yaml", Path("plant.yaml")]
    file = next((found for found in near if found.exists()), None)
    if plant and file is None:
        raise ConfigError(f"there is no plant file {plant}", hint="name it with --plant")
    history, site = folder / "history", ""
    if file is not None:
        try:
            read = load(file)
        except ConfigError:  # a file with mistakes is kept all the same
            return Source(folder.absolute(), history.absolute(), file)
        settings = Settings.of(read, folder)
        history = settings.history if settings.history.is_dir() else history
        site = f"{read.enterprise}/{read.site}"
    return Source(folder.absolute(), history.absolute(), file, site)


def _list(store: Place, args: argparse.Namespace) -> int:
    from isthmus.cli.screen import table
    from isthmus.historian.backup.document import load, points
    from isthmus.historian.keep.forecast import size
    from isthmus.model.errors import StorageError

    rows: list[tuple[object, ...]] = []
    told, damaged = [], 0
    for point in points(store):
        try:
            backup = load(store, point)
        except StorageError as error:
            damaged += 1
            rows.append((point, "damaged", "", "", ""))
            told.append({"point": point, "error": str(error), "hint": error.hint})
            continue
        samples = next((found.rows for found in backup.tables if found.name == "samples"), 0)
        rows.append((point, backup.site or "-", samples, size(backup.size), len(backup.damaged)))
        told.append(_told(backup))
    if args.json:
        print(json.dumps(told))
    elif rows:
        print(table(["point", "site", "samples", "size", "damaged"], rows))
    else:
        print(f"no backups in {store.url}")
    return 1 if damaged else 0


def _verify(store: Place, args: argparse.Namespace) -> int:
    from isthmus.cli.screen import Progress
    from isthmus.historian.backup.document import load, newest
    from isthmus.historian.backup.verify import verify
    from isthmus.historian.keep.forecast import size

    backup = load(store, args.point) if args.point else newest(store)
    with Progress(quiet=args.json) as progress:
        found = verify(store, backup, progress=progress.show)
    if args.json:
        print(json.dumps(asdict(found)))
    else:
        rows = ", ".join(f"{count:,} {name}" for name, count in sorted(found.rows.items()))
        print(f"backup {found.point}: read {found.files:,} files, {size(found.bytes)}: {rows}")
        for text in found.damaged:
            print(f"damaged: {text}")
        print("it is whole" if not found.damaged else f"{len(found.damaged)} files are damaged")
    return 1 if found.damaged else 0


def _told(backup: Backup) -> dict[str, Any]:
    """A backup for machines, without its list of files."""
    return {
        "point": backup.point,
        "made": backup.made,
        "site": backup.site,
        "isthmus": backup.isthmus,
        "bytes": backup.size,
        "rows": {table.name: table.rows for table in backup.tables},
        "positions": {table.name: table.positions for table in backup.tables},
        "private": [thing.path for thing in backup.things if thing.private],
        "damaged": list(backup.damaged),
    }
