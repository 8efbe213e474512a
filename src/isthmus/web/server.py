"""The web server: API, live streams and the built pages, on one port of the loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from isthmus import __version__
from isthmus.model.errors import ConfigError, IsthmusError, Refused
from isthmus.runtime.app import App
from isthmus.web import (
    account,
    accounts,
    alarms,
    certificates,
    company,
    control,
    energy,
    export,
    gaps,
    grafana,
    history,
    imports,
    key_figures,
    kpi,
    ledger,
    links,
    notify,
    operator,
    overview,
    passkeys,
    performance,
    periods,
    permits,
    plant,
    policy,
    query,
    report,
    reports,
    rules,
    scorecard,
    sign_in,
    sinks,
    sql,
    statistics,
    stops,
    stream,
    together,
    writes,
    zones,
)
from isthmus.web.access import enforce
from isthmus.web.ask import Problem
from isthmus.web.guard import HEADERS, protect
from isthmus.web.openapi import Api
from isthmus.web.session import LOOPBACK, Entrance
from isthmus.web.tls import STRICT, Shown, wanted

log = logging.getLogger(__name__)

TRIES = 20
BACKLOG = 2_048  # connections that wait to be taken, as uvicorn has it


def create(app: App, entrance: Entrance) -> FastAPI:
    """The web application of a running plant."""
    web = Api(
        title="Isthmus",
        version=__version__,
        summary="A plant's live values, history and figures.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        dependencies=[Depends(enforce(app))],
    )
    people_parts = (account, accounts, passkeys, company)
    trust_parts = (ledger, permits, writes, zones, certificates, *people_parts)
    history_parts = (plant, stream, history, statistics, together, periods, query, gaps, sql)
    file_parts = (export, grafana, imports)
    kpi_parts = (kpi, key_figures, control, performance, stops, operator, energy, scorecard)
    figure_parts = (report, reports, alarms, notify, rules, *kpi_parts, overview, links, sinks)
    for part in (*history_parts, *file_parts, *figure_parts, *trust_parts, policy):
        web.include_router(part.routes(app))
    folder = pages()
    index = folder / "index.html" if folder else None
    web.include_router(sign_in.routes(app, entrance, index))
    _problems(web)
    protect(web, entrance)
    _pages(web, folder)
    return web


def pages() -> Path | None:
    """The folder of the built pages: in the wheel, else in the working tree."""
    here = Path(__file__).parent / "static"
    tree = Path(__file__).parents[3] / "ui" / "dist"
    return next((found for found in (here, tree) if (found / "index.html").is_file()), None)


def _pages(web: FastAPI, folder: Path | None) -> None:
    if folder is None:

        @web.get("/", include_in_schema=False)
        async def missing() -> Response:
            return JSONResponse(
                {"error": "the pages are not built", "hint": "run `make ui`"}, status_code=503
            )

        return
    files = {file.name for file in folder.iterdir() if file.is_file()}
    web.mount("/assets", StaticFiles(directory=folder / "assets"), name="assets")

    @web.get("/{path:path}", include_in_schema=False)
    async def page(path: str) -> Response:
        if path.startswith("api"):
            raise Problem(404, f"there is no /{path[:200]}", "see /api/openapi.json")
        if path in files:
            return FileResponse(folder / path)
        return FileResponse(folder / "index.html", headers={"Cache-Control": "no-cache"})


def _problems(web: FastAPI) -> None:
    @web.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return JSONResponse({"error": error.error, "hint": error.hint}, status_code=error.code)

    @web.exception_handler(IsthmusError)
    async def ours(_: Request, error: IsthmusError) -> Response:
        code = 422 if isinstance(error, Refused | ConfigError) else 503
        return JSONResponse({"error": str(error), "hint": error.hint}, status_code=code)

    @web.exception_handler(RequestValidationError)
    async def question(_: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors()[:5])
        return JSONResponse({"error": wrong, "hint": "see /api/openapi.json"}, status_code=422)

    @web.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        what = f"{request.method} {request.url.path[:200]}: {str(error.detail).lower()}"
        return JSONResponse({"error": what, "hint": "see /api/openapi.json"}, error.status_code)

    @web.exception_handler(Exception)
    async def bug(request: Request, _: Exception) -> Response:
        what = f"{request.method} {request.url.path[:200]}: this is a mistake of ours"
        body = {"error": what, "hint": "the site's log says more; the rest goes on"}
        return JSONResponse(body, 500, headers=HEADERS)


class WebServer:
    """The listening server; `serve` until the plant stops."""

    def __init__(self, app: App, *, host: str, port: int) -> None:
        web = app.plant.web
        named = web.get("hosts")
        hosts = LOOPBACK | {host} | set(named if isinstance(named, list | tuple) else ())
        self._shown = Shown(app, host, hosts - LOOPBACK) if wanted(app, host, LOOPBACK) else None
        self.entrance = Entrance.open(app.settings.folder / "web", app.trust.identity, hosts)
        self._app = app
        self._socket = listening(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            create(app, self.entrance),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=30,
            limit_concurrency=512,
            lifespan="off",
            headers=[STRICT] if self._shown else [],
        )
        if self._shown is not None:
            config.load()
            config.ssl = self._shown.context
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """Where the pages are."""
        scheme = "https" if self._shown else "http"
        here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - asked
        host = f"[{here}]" if ":" in here else here
        return f"{scheme}://{host}:{self.port}"

    def sign_in_link(self) -> str:
        """A link that signs one browser in."""
        return f"{self.url}/sign-in?code={self.entrance.code()}"

    async def serve(self) -> None:
        """Serve until the plant stops."""
        # the plant's own signals end us: uvicorn must not take them
        serving = asyncio.create_task(self._server._serve(sockets=[self._socket]))  # noqa: SLF001
        keeping = asyncio.create_task(self._shown.keep()) if self._shown else None
        await self._app.stopping.wait()
        if keeping is not None:
            keeping.cancel()
        self._server.should_exit = True
        await serving


def listening(host: str, port: int) -> socket.socket:
    """A socket on the first free port from `port` on: two plants can live on one machine.

    It listens at once: until one does, the system gives a port to two that start together.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [port] if port == 0 else range(port, port + TRIES):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, candidate))
            found.listen(BACKLOG)
        except OSError as error:
            found.close()
            last = error
        else:
            return found
    raise ConfigError(
        f"listening on {host}:{port}: {last}", hint="set `web: {listen: 127.0.0.1:9000}`"
    )
