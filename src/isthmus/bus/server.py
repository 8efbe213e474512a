"""A NATS server as our own child: found, configured, started, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil

from isthmus.bus.binary import Binary, inspect, locate, require_known
from isthmus.bus.child import bind_to_parent, end_orphan, record
from isthmus.bus.log_file import LogFile
from isthmus.bus.server_state import LOUD, OnServerState, ServerState, free_port
from isthmus.bus.settings import Client, ServerSettings, render
from isthmus.model.errors import ConfigError, StorageError

_log = logging.getLogger(__name__)
SHORTEST_WAIT, LONGEST_WAIT, STEADY = 0.2, 10.0, 30.0
STOP_S = 10.0
HANDED_ON = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "GODEBUG")  # no secrets
KNOWN = "nats-server.sha256"  # in the bus's folder: the program that may be started
RELOAD_S = 3.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - all addresses, and one that is ours
DISK_S = 1.0  # between two looks at a disk that was full
_OF_CLIENT = re.compile(r" - [a-z]id:\d+ - ")  # such lines repeat what strangers say
_RELOADED = "Reloaded server configuration"
_DISK_FULL = ("no space left on device", "critical write error", "will be DISABLED")


class Server:
    """One nats-server over one folder; `start`, then `supervise` in a task, then `stop`."""

    def __init__(self, settings: ServerSettings, *, on_state: OnServerState | None = None) -> None:
        self.settings = settings
        self.state = ServerState.STOPPED
        self.restarts = 0
        self.why = ""  # of the last death
        self.port = settings.port
        self.mqtt_port = settings.mqtt.port if settings.mqtt else 0
        self.binary: Binary | None = None
        self.log = LogFile(settings.folder / "nats.log")
        self._name = f"{settings.name}-{secrets.token_hex(4)}"
        self._secret = secrets.token_urlsafe(24)
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._on_state = on_state
        self._stopping = False
        self._reloaded = asyncio.Event()
        self._turn = asyncio.Lock()  # one start or stop at a time

    @property
    def url(self) -> str:
        """Where clients on this machine connect."""
        scheme = "nats" if self.settings.tls is None else "tls"
        host = ANY.get(self.settings.host, self.settings.host)
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def mqtt_url(self) -> str:
        """Where MQTT clients connect, empty where there is no such listener."""
        if self.settings.mqtt is None:
            return ""
        scheme = "mqtt" if self.settings.mqtt.tls is None else "mqtts"
        return f"{scheme}://{self.settings.mqtt.host}:{self.mqtt_port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def memory(self) -> int:
        """The child's resident memory in bytes, 0 where it does not run."""
        with contextlib.suppress(psutil.Error):
            if (pid := self.pid) is not None:
                return int(psutil.Process(pid).memory_info().rss)
        return 0

    # ------------------------------------------------------------ life
    async def start(self) -> None:
        """Return when the server takes connections.

        Raises ConfigError where there is no fit program or it refuses its configuration,
        StorageError where another living process holds the folder.
        """
        async with self._turn:
            self._stopping = False
            if self.pid is None:
                await self._start()

    async def _start(self) -> None:
        folder = self.settings.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.binary is None:
            self.binary = await asyncio.to_thread(inspect, locate())
            _log.info(
                "nats-server %s at %s, sha256 %s",
                self.binary.word,
                self.binary.path,
                self.binary.sha256,
            )
        await asyncio.to_thread(require_known, self.binary.path, folder / KNOWN)
        if self.state is not ServerState.DOWN:
            self._enter(ServerState.STARTING, "")
        await asyncio.to_thread(end_orphan, folder / "nats.pid")
        self.port = self.port or free_port(self.settings.host)
        if self.settings.mqtt is not None:
            self.mqtt_port = self.mqtt_port or free_port(self.settings.mqtt.host)
        try:
            await self._spawn(self.binary)
            await self._ready()
        except BaseException:
            await self._end()
            if self.state is ServerState.STARTING:
                self._enter(ServerState.STOPPED, "")
            raise
        self._enter(ServerState.UP, "")

    def _configure(self) -> Path:
        """Write the configuration file."""
        config = self.settings.folder / "nats.conf"
        text = render(
            self.settings,
            port=self.port,
            mqtt_port=self.mqtt_port,
            name=self._name,
            secret=self._secret,
        )
        private = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w") as file:
            file.write(text)
        return config

    async def _spawn(self, binary: Binary) -> None:
        config = self._configure()
        environment = {
            **{key: os.environ[key] for key in HANDED_ON if key in os.environ},
            "GOMEMLIMIT": str(self.settings.go_memory),
            **self.settings.environment,
        }
        self._process = await asyncio.create_subprocess_exec(
            str(binary.path),
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us: we stop it after its clients
            preexec_fn=bind_to_parent(),
        )
        self._tasks = [
            asyncio.create_task(self._listen(self._process), name="nats log"),
            asyncio.create_task(self._mend(self._process), name="nats disk"),
        ]
        record(self.settings.folder / "nats.pid", self._process.pid)

    async def _ready(self) -> None:
        deadline = time.monotonic() + self.settings.ready_s
        while time.monotonic() < deadline:
            if self.pid is None:
                await asyncio.sleep(0.05)  # let the last lines of its log arrive
                raise ConfigError(
                    f"starting nats-server: it ended at once: {self.log.last(3)}",
                    hint=f"see {self.log.file}",
                )
            if await self._answers():
                return
            if self._stopping:
                raise StorageError("starting nats-server: it is being stopped")
            await asyncio.sleep(0.01)
        raise StorageError(
            f"starting nats-server: not ready after {self.settings.ready_s:g} s",
            hint=f"see {self.log.file}; a large store needs longer",
        )

    async def _answers(self) -> bool:
        """Whether it is our child that listens on our port, with JetStream on."""
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(self.settings.host, self.port)
                try:
                    line = await reader.readline()
                finally:
                    writer.close()
            info = json.loads(line.removeprefix(b"INFO "))
        except (OSError, TimeoutError, ValueError):
            return False
        return info.get("server_name") == self._name and bool(info.get("jetstream"))

    async def supervise(self) -> None:
        """Start the server again whenever it dies, until `stop` or cancelled."""
        wait = SHORTEST_WAIT
        while True:
            began = time.monotonic()
            if self._process is not None:
                code = await self._process.wait()
                if self._stopping:
                    return
                self._enter(ServerState.DOWN, f"it ended with code {code}: {self.log.last(2)}")
            if time.monotonic() - began > STEADY:
                wait = SHORTEST_WAIT
            await asyncio.sleep(wait)
            if self._stopping:
                return
            wait = min(wait * 2, LONGEST_WAIT)
            self.restarts += 1
            try:
                await self._start_again()
            except (ConfigError, StorageError, OSError) as error:
                self._enter(ServerState.DOWN, str(error))

    async def _start_again(self) -> None:
        async with self._turn:
            if not self._stopping:
                await self._start()
                _log.warning("nats-server is up again after %d restarts", self.restarts)

    async def stop(self) -> None:
        """Stop it gracefully, by force after 10 s; does nothing when stopped already."""
        self._stopping = True
        async with self._turn:  # a start that is under way must not leave its child behind
            await self._end()
            self._enter(ServerState.STOPPED, "")

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                try:
                    async with asyncio.timeout(STOP_S):
                        await process.wait()
                except TimeoutError:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
            self._tasks[-1].cancel()
            await asyncio.wait(self._tasks)
            (self.settings.folder / "nats.pid").unlink(missing_ok=True)

    def kill(self) -> None:
        """End the child at once, as a crash would; `supervise` starts it again."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def reload(self) -> None:
        """Let the child read its certificates again; open connections stay."""
        if self._process is not None and hasattr(signal, "SIGHUP"):
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)

    async def admit(self, clients: tuple[Client, ...]) -> None:
        """Let these clients in and nobody else; who is connected and is none of them is thrown out.

        A server that does not take its new configuration is started again with it.
        """
        self.settings = replace(self.settings, clients=clients)
        if self.pid is None:  # it is started with them
            return
        self._configure()
        self._reloaded.clear()
        self.reload()
        try:
            async with asyncio.timeout(RELOAD_S):
                await self._reloaded.wait()
        except TimeoutError:
            _log.error("nats-server did not take its new clients: it is started again")
            self.kill()

    # ------------------------------------------------------------ what it says, and its disk
    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        while stream is not None and (chunk := await stream.read(16_384)):
            for line in self.log.write(chunk):
                if _RELOADED in line:
                    self._reloaded.set()
                if self.state is not ServerState.UP or _OF_CLIENT.search(line):
                    continue
                if any(sign in line for sign in _DISK_FULL):
                    found = line.partition("] ")[2] or line
                    self._enter(ServerState.FULL, f"{self._room()}: {found}")

    def _room(self) -> str:
        """What the disk must have free before the server is started again, and has."""
        free = shutil.disk_usage(self.settings.folder).free
        return f"it needs {-(-self.settings.min_free >> 20)} MB free, has {free >> 20} MB"

    async def _mend(self, process: asyncio.subprocess.Process) -> None:
        """After a full disk the server refuses to write until it is started again."""
        while process.returncode is None:
            await asyncio.sleep(DISK_S)
            if self.state is not ServerState.FULL:
                continue
            free = shutil.disk_usage(self.settings.folder).free
            if free >= self.settings.min_free:
                _log.warning("the disk has %d MB free again: starting nats-server", free >> 20)
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            else:
                self.why = f"{self._room()}: {self.why.partition(': ')[2]}"

    def _enter(self, state: ServerState, why: str) -> None:
        if (state, why) == (self.state, self.why):
            return
        self.state, self.why = state, why
        if state in LOUD:
            _log.error("nats-server is %s: %s", state, why)
        if self._on_state is not None:
            self._on_state(state, why)
