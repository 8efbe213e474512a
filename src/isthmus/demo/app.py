"""The process of the demo plant: starts all servers, follows the pace, ends with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from isthmus.demo import modbus
from isthmus.demo.control import faults_of
from isthmus.demo.history import save
from isthmus.demo.live import Live, plant_at
from isthmus.demo.logfile import CompressorLog
from isthmus.demo.logo import LOGO
from isthmus.demo.moment import Moment
from isthmus.demo.opcua import OpcUaPlc
from isthmus.demo.physics.plant import Fault
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.demo.signal import LINE
from isthmus.demo.sparkplug import Broker, PackerEdge
from isthmus.demo.weeks import Mended
from isthmus.model.clock import Pace

SETPOINT = f"{LINE}/filler/setpoint"
_DEVICES = ("filler", "capper", "labeller", "palletiser", "meters")
_TICK = 0.2  # seconds between two looks at the clock
_SAVE_EVERY = 60.0  # seconds
_PAST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the demo plant was started."""

    folder: Path
    seed: int
    pace: Pace
    broker: str = ""
    broker_ca: str = ""
    broker_user: str = ""
    broker_password_file: str = ""
    state: Path | None = None
    past: bool = False  # somebody still makes the past, and `state` with it


class Demo:
    """All devices of the plant, each as a server of its own protocol."""

    def __init__(self, settings: Settings, live: Live, state: Path) -> None:
        self._settings = settings
        folder = settings.folder
        self.ports = _ports(folder / "ports.json")
        pki = folder / "pki"
        self._places = Places(
            self.ports, pki, folder / "compressor" / "*.log", settings.broker,
            settings.broker_ca, settings.broker_user, settings.broker_password_file,
        )  # fmt: skip
        self._state = state
        self.live = live
        self._opcua = [
            OpcUaPlc(f"{LINE}/{name}", name.capitalize(), self.ports[name], pki)
            for name in ("filler", "palletiser")
        ]
        self._capper = modbus.capper(self.ports["capper"], self._moment)
        self._modbus = [
            self._capper,
            modbus.labeller(self.ports["labeller"], self._moment),
            modbus.meters(self.ports["meters"], self._moment),
        ]
        self._packer = PackerEdge(_broker(settings), self._moment) if settings.broker else None
        self._log = CompressorLog(folder / "compressor")
        self._cut_off = False
        self._disk_refused = False

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop`; says on stdout when every server listens."""
        settings = self._settings
        try:
            await self._start()
            if settings.past:
                self.live = await _after_past(settings, self._state)
            live = self.live
            await live.follow(time.time_ns())
            live.plant.rouse()
            _replace(settings.folder / "logo.svg", LOGO)
            mended = Mended.of(live.plant.opening) if live.plant.opening else None
            text = plant_file(self._places, live.plant.calendar, mended)
            _replace(settings.folder / "plant.yaml", text)
            sys.stdout.write(json.dumps({"ready": True, "ports": self.ports}) + "\n")
            sys.stdout.flush()
            await self._follow(stop)
            save(live.plant, self._state)  # before servers say goodbye: a parent may not wait
        finally:
            await self._stop()

    async def _start(self) -> None:
        # The address space of a server is some 100,000 objects that live as long as we do:
        # looking for garbage among them while they are made takes a third of the time.
        gc.disable()
        for device in self._modbus:
            await device.start()
        for plc in self._opcua:
            await plc.start(self.live.moment)
        gc.freeze()
        gc.enable()
        if self._packer is not None:
            self._packer.start()

    async def _stop(self) -> None:
        ends = [device.stop() for device in self._modbus]
        ends += [plc.stop() for plc in self._opcua]
        if self._packer is not None:
            ends.append(asyncio.to_thread(self._packer.stop))
        for failed in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(failed, BaseException):
                sys.stderr.write(f"closing a server of the demo plant: {failed!r}\n")

    def _moment(self) -> Moment:
        return self.live.moment

    async def _follow(self, stop: asyncio.Event) -> None:
        live = self.live
        saved = polled = time.monotonic()
        while not stop.is_set():
            now = time.monotonic()
            if now - polled >= 1.0:
                polled = now
                await self._set_faults()
            await live.follow(time.time_ns())
            for plc in self._opcua:
                for path, value in plc.wishes().items():
                    if path == SETPOINT:
                        live.wish(value)
                await plc.show(live.moment)
            if self._packer is not None:
                self._packer.show()
            self._write(state=now - saved >= _SAVE_EVERY)
            if now - saved >= _SAVE_EVERY:
                saved = now
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)

    def _write(self, *, state: bool) -> None:
        """The compressor's log, and at times the plant's state; a full disk stops neither."""
        try:
            self._log.show(self.live.moment)
            if state:
                save(self.live.plant, self._state)
        except OSError as error:
            if not self._disk_refused:
                sys.stderr.write(f"writing to {self._settings.folder}: {error}\n")
            self._disk_refused = True
        else:
            self._disk_refused = False

    async def _set_faults(self) -> None:
        faults = faults_of(self._settings.folder)
        if faults != self.live.plant.faults:
            self.live.plant.set_faults(faults)
        cut_off = Fault.NETWORK in faults
        if cut_off == self._cut_off:
            return
        if cut_off:
            await self._capper.stop()
            if self._packer is not None:
                await asyncio.to_thread(self._packer.stop, abruptly=True)
        else:
            try:
                await self._capper.start()
            except (OSError, RuntimeError) as error:  # its port is not free yet: in a second again
                sys.stderr.write(f"listening on port {self._capper.port}: {error}\n")
                return
            if self._packer is not None:
                self._packer.start()
        self._cut_off = cut_off


def _broker(settings: Settings) -> Broker:
    password = ""
    if settings.broker_password_file:
        password = Path(settings.broker_password_file).read_text(encoding="utf-8").strip("\r\n")
    return Broker(settings.broker, settings.broker_ca, settings.broker_user, password)


def main(settings: Settings) -> int:
    """The exit code of the demo plant's process: 0 when it was told to end."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    # Both speak up at each client that goes away without a goodbye: that is what clients do here.
    for name in ("asyncua", "pymodbus"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    settings.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_run(settings))
    return 0


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # not on Windows
            loop.add_signal_handler(name, stop.set)
    threading.Thread(target=_until_orphaned, args=(loop, stop), daemon=True).start()
    state = settings.state or settings.folder / "state.json"
    plant = plant_at(settings.pace.at(time.time_ns()), settings.seed, state)
    await Demo(settings, Live(plant, settings.pace), state).run(stop)


async def _after_past(settings: Settings, state: Path) -> Live:
    """The plant as its past leaves it, once that is written; without it after two minutes."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PAST_SECONDS):
            while not await asyncio.to_thread(state.is_file):
                await asyncio.sleep(0.05)
    now = settings.pace.at(time.time_ns())
    return Live(plant_at(now, settings.seed, state), settings.pace)


def _until_orphaned(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stops the plant when whoever started it closes our standard input, or dies."""
    try:
        while os.read(0, 4096):
            continue
    except OSError:
        return  # started without an input: then only a signal ends it
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stop.set)


def _ports(file: Path) -> dict[str, int]:
    """The port of each device: those of the last start where they are free, so links survive."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    ports: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        for name in _DEVICES:
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind(("127.0.0.1", int(kept.get(name, 0))))
            except (OSError, ValueError, OverflowError, TypeError):
                holder.bind(("127.0.0.1", 0))
            ports[name] = holder.getsockname()[1]
    _replace(file, json.dumps(ports))
    return ports


def _replace(file: Path, text: str) -> None:
    beside = file.with_name(file.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
