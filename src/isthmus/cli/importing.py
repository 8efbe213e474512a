"""One import from its reader into a site: parts in order, rejected rows aside, and what became."""

from __future__ import annotations

import argparse
import csv
import getpass
import hashlib
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from isthmus.cli.screen import Progress
from isthmus.cli.sites import Counts, Site
from isthmus.historian.ingest.journal import identity
from isthmus.historian.ingest.mapping import Known, Names, file_rules, rules
from isthmus.historian.ingest.moment import LocalTime, Moments
from isthmus.historian.ingest.piece import Reader, Reject
from isthmus.historian.ingest.shape import Layout, Shape
from isthmus.historian.ingest.value import Values
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Batch, Bools, Status

PART = 50_000  # samples sent at once
FIRST_ROWS = 5
HOUR = 3_600 * 10**9
LISTED = 8


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of every source; `said` is what of it tells imports apart."""

    args: argparse.Namespace
    names: Names
    zone: str
    said: dict[str, Any]

    @classmethod
    def of(cls, args: argparse.Namespace, site: Site) -> Options:
        """Read the mappings, and the tags of the site."""
        told = [*rules(args.map), *(file_rules(args.map_file) if args.map_file else [])]
        under = args.create or args.under
        names = Names(site.tags(), told, under.strip("/"), create=args.create is not None)
        zone = args.zone or site.zone
        plain = ("layout", "time", "tag", "value", "quality", "opc_da", "time_format", "twice")
        form = ("delimiter", "decimal", "encoding", "skip", "create", "skip_unmatched")
        said = {key: getattr(args, key) for key in (*plain, *form)}
        said |= {"zone": zone, "under": under}
        said |= {"thousands": args.thousands} if args.thousands else {}  # old imports said none
        said["rules"] = [(rule.name, rule.path, rule.unit) for rule in told]
        return cls(args, names, zone, said)

    def shape(self, reader: Reader) -> Shape:
        """How the pieces of `reader` become samples."""
        args = self.args
        layout = Layout.of(
            reader.columns,
            time=args.time,
            tag=args.tag,
            value=args.value,
            quality=args.quality,
            layout=args.layout or "",
        )
        moments = Moments(LocalTime(self.zone, args.twice), args.time_format)
        values = Values.of(args.decimal, args.thousands)
        return Shape(layout, self.names, moments, values, args.opc_da)


def bring(site: Site, reader: Reader, content: Path | None, options: Options) -> dict[str, Any]:
    """Import all of `reader`; what became of it, for people and machines."""
    doing = _Doing(site, reader, options, options.shape(reader))
    number = _number(reader, content, options)
    with Progress(quiet=options.args.json) as progress, doing.quarantine:
        doing.run(number, progress)
    return doing.told()


def _number(reader: Reader, content: Path | None, options: Options) -> str:
    """The import's id. A database may answer otherwise today: each asking is an import."""
    if content is not None:
        return identity(content, options.said)
    return hashlib.sha256(f"{reader.name} {time.time_ns()}".encode()).hexdigest()[:24]


@dataclass(slots=True)
class _Quarantine:
    """Rejected rows on the disk: where they stood, what was written there, and why not."""

    path: Path
    most: int
    dry: bool
    count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)  # the row of each reason
    _file: IO[str] | None = None

    def take(self, rejects: list[Reject], source: str) -> None:
        """Keep them; ConfigError beyond the most that are allowed."""
        for reject in rejects:
            self.count += 1
            reason = reject.reason.partition(":")[0]
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            self.first.setdefault(reason, reject.row)
            if not self.dry:
                self._write(reject)
            if self.count > self.most:
                raise ConfigError(
                    f"importing {source}: more than {self.most:,} rows make no sense; the last is"
                    f" row {reject.row}: {reject.reason}",
                    hint="mend them, say how it is written, or allow more: --max-errors"
                    + ("" if self.dry else f"; all are in {self.path}"),
                )

    def _write(self, reject: Reject) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(("row", "reason", "text"))
        csv.writer(self._file).writerow((reject.row, reject.reason, reject.text))

    @property
    def written(self) -> str:
        """The file, empty where there was nothing to write."""
        return str(self.path) if self.count and not self.dry else ""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


class _Doing:
    """The state of one import."""

    def __init__(self, site: Site, reader: Reader, options: Options, shape: Shape) -> None:
        self._site, self._reader, self._options, self._shape = site, reader, options, shape
        args = options.args
        path = args.rejects or Path(f"{reader.name.rpartition('/')[2]}.rejects.csv")
        self.quarantine = _Quarantine(path, args.max_errors, args.dry_run)
        self._dry: bool = args.dry_run
        self._counts = {"fresh": 0, "corrected": 0, "unchanged": 0}
        self._tags: dict[int, list[int]] = {}  # place -> samples, first, last
        self._first: list[dict[str, object]] = []
        self._known = False
        self._rows = self._samples = 0
        self._made: set[str] = set()
        self._began = time.monotonic()

    def run(self, number: str, progress: Progress) -> None:
        """Everything, from the part on that was not taken yet."""
        self._require_columns()
        taken, done = 0, False
        if not self._dry:
            taken, done = self._begin(number, again=self._options.args.again)
            self._known = done or taken > 0
        if done:
            return
        part = 0
        for piece in self._reader.pieces():
            batch, rejects = self._shape.samples(piece)
            batch = self._possible(batch, rejects)
            self._rows += piece.table.num_rows
            self.quarantine.take(rejects, self._reader.name)
            self._require_matches()
            self._make_tags(number)
            for start in range(0, len(batch), PART):
                if part >= taken:
                    self._part(number, part, batch.slice(start, start + PART))
                part += 1
            progress.show(self._progress(), self._reader.share())
        if not self._dry:
            self._site.end(number, self.quarantine.count)

    def _part(self, number: str, part: int, batch: Batch) -> None:
        paths = [target.tag.path for target in self._shape.targets]
        if self._dry:
            fresh = np.array([target.fresh for target in self._shape.targets], np.bool_)
            made = fresh[batch.tag]
            self._counts["fresh"] += int(made.sum())
            known = batch.where(~made)
            counts = self._site.preview(known, paths) if len(known) else Counts()
        else:
            counts = self._site.take(number, part, batch, paths)
        for key in self._counts:
            self._counts[key] += getattr(counts, key)
        self._note(batch, paths)

    def _note(self, batch: Batch, paths: list[str]) -> None:
        self._samples += len(batch)
        for place in np.unique(batch.tag).tolist():
            times = batch.time[batch.tag == place]
            known = self._tags.setdefault(place, [0, int(times.min()), int(times.max())])
            known[0] += len(times)
            known[1] = min(known[1], int(times.min()))
            known[2] = max(known[2], int(times.max()))
        for row in range(min(len(batch), FIRST_ROWS - len(self._first))):
            self._first.append(
                {
                    "time": moment_text(int(batch.time[row])),
                    "tag": paths[int(batch.tag[row])],
                    "value": float(batch.value[row]),
                    "quality": Status.word(int(batch.quality[row])),
                }
            )

    def _begin(self, number: str, *, again: bool) -> tuple[int, bool]:
        fresh = self._fresh()
        self._made |= {tag.path for tag in fresh}
        return self._site.begin(number, self._reader.name, who(), again=again, create=fresh)

    def _make_tags(self, number: str) -> None:
        """Tags that a long table names as it goes."""
        if not self._dry and any(tag.path not in self._made for tag in self._fresh()):
            self._begin(number, again=False)

    def _fresh(self) -> list[Known]:
        layout, found = self._shape.layout, []
        targets = [self._shape.names.target(name) for name in layout.wide]
        for target in (*targets, *self._shape.targets):
            if target is not None and target.fresh and target.tag not in found:
                found.append(target.tag)
        return found

    def _possible(self, batch: Batch, rejects: list[Reject]) -> Batch:
        """The samples of times that can be; the others are rejected."""
        astray: Bools = (batch.time < 0) | (batch.time > self._site.now + HOUR)
        if not astray.any():
            return batch
        for time_ in batch.time[astray].tolist():
            when = moment_text(time_)
            rejects.append(Reject(0, when, f"a time before 1970 or in the future: {when}"))
        return batch.where(~astray)

    def _require_columns(self) -> None:
        names = [name for name in self._shape.layout.wide if not self._shape.names.target(name)]
        if len(names) == len(self._shape.layout.wide) and names and not self._dry:
            self._complain(names)
        if names and not (self._dry or self._options.args.skip_unmatched):
            self._complain(names)

    def _require_matches(self) -> None:
        if self._shape.unmatched and not (self._dry or self._options.args.skip_unmatched):
            self._complain(list(self._shape.unmatched))

    def _complain(self, names: list[str]) -> None:
        near = [(name, self._shape.names.nearest(name)) for name in names[:LISTED]]
        text = ", ".join(f"`{name}`" + (f" (like {path}?)" if path else "") for name, path in near)
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        raise ConfigError(
            f"importing {self._reader.name}: no tag is meant by {text}{more}",
            hint="--map NAME=PATH says which; --create EQUIPMENT makes tags; --skip-unmatched "
            "passes them over",
        )

    def _progress(self) -> str:
        if not sys.stderr.isatty():
            return f"importing {self._reader.name}"
        spent = max(time.monotonic() - self._began, 1e-3)
        share = self._reader.share()
        left = f", {spent / share * (1 - share):.0f} s left" if share else ""
        return f"{self._rows:,} rows, {self._rows / spent:,.0f}/s{left}"

    def told(self) -> dict[str, Any]:
        """What became of the import."""
        spent = time.monotonic() - self._began
        shape = self._shape
        return {
            "source": self._reader.name,
            "dry_run": self._dry,
            "known": self._known,
            "rows": self._rows,
            "samples": self._samples,
            **self._counts,
            "absent": shape.absent,
            "rejected": self.quarantine.count,
            "reasons": self.quarantine.reasons,
            "first_rejects": self.quarantine.first,
            "rejects": self.quarantine.written,
            "time_format": shape.moments.form,
            "zone": self._options.zone,
            "local": shape.moments.local.used,
            "tags": [
                {
                    "name": shape.targets[place].name,
                    "tag": shape.targets[place].tag.path,
                    "unit": shape.targets[place].tag.unit,
                    "made": shape.targets[place].fresh,
                    "samples": samples,
                    "from": moment_text(first),
                    "to": moment_text(last),
                }
                for place, (samples, first, last) in sorted(self._tags.items())
            ],
            "unmatched": {
                name: {"rows": rows, "nearest": shape.names.nearest(name)}
                for name, rows in shape.unmatched.items()
            },
            "first_rows": self._first if self._dry else [],
            "seconds": round(spent, 3),
            "per_s": round(self._samples / max(spent, 1e-3)),
        }


def moment_text(time_: int) -> str:
    """A time as people read it, to the millisecond."""
    return f"{np.datetime64(time_ // 10**6, 'ms')}Z"


def who() -> str:
    """Who imports."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        return "somebody"
