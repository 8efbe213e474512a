"""History as files: CSV, Parquet, Excel; samples or one row a stretch; and the scheduled ones."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from isthmus.historian.export_file import MEDIA
from isthmus.historian.query.step import length
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.export import Format, Layout
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.runtime.app import App
from isthmus.runtime.export.extract import Extract, export, numeric
from isthmus.web import contract
from isthmus.web.ask import Problem, tag_ids, time_range
from isthmus.web.history import From, Tags, To

AT_ONCE = 2
SHORTEST, LONGEST = SECOND, 366 * DAY
CHUNK = 1 << 18
SPOOL = 8 << 20  # bytes held in memory; a larger file waits on disk

Kind = Annotated[Format, Query(description="Which kind of file.")]
Every = Annotated[
    str, Query(max_length=20, description="One row so long: `1 min`, `1 h`, `1 d`; else each one.")
]
Shape = Annotated[
    Layout | None,
    Query(description="A column a tag (`wide`, usual with `every`), or a row a tag (`long`)."),
]


def routes(app: App) -> APIRouter:
    """The routes that make files, and tell of those made by themselves."""
    router = APIRouter(prefix="/api", tags=["history"])
    making = _Making(app)

    @router.get(
        "/export",
        summary="History as a file: 20 million rows as CSV, 50 as Parquet, 2 as Excel",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in MEDIA.values()}}},
    )
    def export_history(
        tags: Tags,
        start: From,
        end: To,
        format: Kind = "csv",  # noqa: A002
        every: Every = "",
        layout: Shape = None,
    ) -> Response:
        ids = [TagId(number) for number in tag_ids(app, tags).tolist()]
        step = _step(every)
        wish = Extract(
            numeric({number: app.namespace[number] for number in ids}),
            *time_range(start, end),
            ZoneInfo(app.plant.timezone),
            every=step,
            layout=layout or ("wide" if step else "long"),
        )
        return making.made(wish, format)

    @router.get("/exports", summary="The scheduled exports, and how the last of each went")
    def exports() -> list[contract.ScheduledExport]:
        return [
            contract.ScheduledExport(
                name=told.name,
                due=told.due / 1e6,
                covers_until=told.until / 1e6 if told.until else None,
                file=told.file,
                rows=told.rows,
                error=told.error,
                hint=told.hint,
            )
            for told in app.exports.told()
        ]

    return router


class _Making:
    """Makes files for those who ask, so many at once."""

    def __init__(self, app: App) -> None:
        self._app, self._free = app, threading.BoundedSemaphore(AT_ONCE)

    def made(self, wish: Extract, kind: Format) -> Response:
        """The file as an answer; Problem where enough are being made."""
        app = self._app
        if not self._free.acquire(blocking=False):
            raise Problem(
                503, f"{AT_ONCE} exports are being made", "try again when one of them is done"
            )
        out: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - closed once it was sent
        try:
            facts = (("plant", f"{app.plant.enterprise} / {app.plant.site}"), _made(app))
            export(app.historian, wish, kind, out, facts=facts)  # type: ignore[arg-type]
        except BaseException:
            out.close()
            raise
        finally:
            self._free.release()
        size = out.tell()
        headers = {
            "Content-Disposition": f'attachment; filename="{_name(app, wish.start, kind)}"',
            "Content-Length": str(size),
        }
        return StreamingResponse(_read(out), media_type=MEDIA[kind], headers=headers)


def _step(text: str) -> int:
    """The ns of `1 min`; 0 where the text is empty."""
    if not text.strip():
        return 0
    step = length(text)
    if not SHORTEST <= step <= LONGEST:
        raise Problem(422, f"`{text}` is no length of a row", "such as `1 min`, `1 h`, `1 d`")
    return step


def _made(app: App) -> tuple[str, str]:
    now = datetime.fromtimestamp(app.now() / 1e9, ZoneInfo(app.plant.timezone))
    return "made", now.isoformat(sep=" ", timespec="seconds")


def _name(app: App, start: Nanoseconds, kind: Format) -> str:
    local = datetime.fromtimestamp(start / 1e9, ZoneInfo(app.plant.timezone))
    return f"{app.plant.site}-{local:%Y-%m-%d-%H%M}.{kind}"


def _read(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while part := out.read(CHUNK):
            yield part
