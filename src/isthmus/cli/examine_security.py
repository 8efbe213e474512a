"""The security examination of `isthmus doctor`: what is open, to whom, and why."""

from __future__ import annotations

import ipaddress
import json
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.finding import Finding
from isthmus.model.errors import IsthmusError
from isthmus.model.secret import Secret

if TYPE_CHECKING:
    from isthmus.model.plant import Plant

PRIVATE = ("pki/*.key", "web/*", "trust/*.json", "trust/*/*.json", "sql/*", "bus/nats.conf")
OTHERS = stat.S_IRWXG | stat.S_IRWXO
PROXY = "listen on 127.0.0.1 behind a proxy with TLS, or let the site speak TLS itself"


def examine_security(folder: Path, plant: Path | None) -> list[Finding]:
    """All findings; an examination that fails is a finding as well."""
    from isthmus.cli.examine import certificates
    from isthmus.runtime.config import load

    found: list[Finding] = []
    known: list[Plant] = []
    file = plant or folder.absolute().parent / "plant.yaml"
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("open ports", lambda: _sockets(folder, known)),
        ("who may enter", lambda: _entrance(folder)),
        ("files", lambda: _files(folder)),
        ("certificates", lambda: certificates(folder)),
        ("ledger", lambda: _ledger(folder)),
        ("the bus's program", lambda: _program(folder)),
    ]
    try:
        known.append(load(file))
    except IsthmusError as error:
        hint = error.hint or "name it with --plant"
        found.append(Finding("plant file", "note", f"{error}: not looked at", hint))
    else:
        looks += [
            ("listeners", lambda: _listeners(known[0], folder)),
            ("plain hops", lambda: _hops(known[0])),
            ("secrets", lambda: _secrets(known[0])),
            ("roles", lambda: _roles(known[0])),
            ("zones", lambda: _zones(known[0], folder)),
        ]
    for what, look in looks:
        try:
            found += look()
        except IsthmusError as error:
            found.append(Finding(what, "wrong", str(error), error.hint))
        except Exception as error:  # noqa: BLE001 - the doctor never dies of a patient
            found.append(Finding(what, "wrong", f"{type(error).__name__}: {error}"))
    return found


# ------------------------------------------------------------------ what listens
def _listeners(plant: Plant, folder: Path) -> Iterator[Finding]:
    """What the plant file opens, to whom."""
    from isthmus.runtime.settings import Settings

    settings = Settings.of(plant, folder)
    url = _read(folder / "web" / "url")
    scheme = url.partition(":")[0] or ("https" if plant.web.get("tls") else "http")
    at = url.partition("//")[2] or f"{settings.host}:{settings.port}"
    who = "whoever signs in; sessions and tokens, never a default password"
    yield _open("pages and API", at, settings.host, scheme == "https", who, PROXY)
    if plant.sql is not None:
        at = str(plant.sql.get("listen") or "127.0.0.1:5433")
        who = f"{_users(folder)} users of `isthmus sql user`, SCRAM-SHA-256, reading only"
        yield _open("SQL", at, at.rpartition(":")[0].strip("[]"), True, who, "")
    if settings.bus_url:
        tls = settings.bus_url.startswith("tls")
        text = f"a cluster of yours at {settings.bus_url}; who may enter is its own matter"
        yield Finding("listens: bus", "well" if tls else "wrong", text, "" if tls else "use tls://")
    else:
        others = f"{len(plant.edges)} edges and {len(plant.readers)} readers"
        who = f"us, {others} where zones let them, each by a certificate of the plant's authority"
        at = f"{settings.bus_host}:{settings.bus_port or 'any free port'}"
        yield _open("bus", at, settings.bus_host, True, who, "")


def _open(name: str, at: str, host: str, tls: bool, who: str, hint: str) -> Finding:  # noqa: FBT001
    wire = "TLS" if tls else "no TLS"
    here = _loopback(host)
    reach = "this machine alone" if here else "the network"
    text = f"{at}, reached from {reach}, {wire}; lets in {who}"
    if here or tls:
        return Finding(f"listens: {name}", "well" if here else "note", text)
    return Finding(f"listens: {name}", "wrong", text, hint)


def _sockets(folder: Path, known: list[Plant]) -> Iterator[Finding]:
    """What the running site listens on; a port on the network that the file has not is wrong."""
    import psutil

    try:
        told = json.loads((folder / "bus" / "nats.pid").read_text("utf-8"))
        processes = [psutil.Process(int(told[key])) for key in ("parent", "pid")]
    except (OSError, ValueError, KeyError, psutil.Error):
        yield Finding("open ports", "note", "no site of this data runs here: nothing is open")
        return
    for process in processes:
        try:
            found = process.net_connections("tcp")
        except psutil.Error:
            yield Finding("open ports", "note", f"process {process.pid} is another user's")
            continue
        for one in found:
            if one.status != psutil.CONN_LISTEN:
                continue
            at = f"{one.laddr.ip}:{one.laddr.port}"
            open_ = not _loopback(one.laddr.ip)
            wanted = not known or _asked(known[0], one.laddr.port)
            text = f"{process.name()} (process {process.pid}) on {at}"
            hint = "the plant file asks for no port on the network there"
            if open_ and not wanted:
                yield Finding("open port", "wrong", text, hint)
            else:
                yield Finding("open port", "note" if open_ else "well", text)


def _asked(plant: Plant, port: int) -> bool:
    """Whether the plant file names that port for the network."""
    listens = [section.get("listen") for section in (plant.web, plant.bus, plant.sql or {})]
    return any(str(one or "").endswith(f":{port}") for one in listens)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


# ------------------------------------------------------------------ who, and with what
def _entrance(folder: Path) -> Iterator[Finding]:
    from isthmus.runtime.trust.evidence import accounts

    count = accounts(folder)
    if count:
        yield Finding("who may enter", "well", f"{count} accounts")
    else:
        text = "no accounts: whoever comes uses the key of the data folder's owner"
        yield Finding("who may enter", "note", text, "`isthmus user add` gives each person one")


def _users(folder: Path) -> int:
    users = folder / "sql" / "users.json"
    try:
        found = json.loads(users.read_text("utf-8"))
    except (OSError, ValueError):
        return 0
    return len(found) if isinstance(found, list | dict) else 0


def _files(folder: Path) -> Iterator[Finding]:
    """Files that hold secrets, and who may read them."""
    found = [file for pattern in PRIVATE for file in sorted(folder.glob(pattern))]
    loose = [file for file in found if file.is_file() and file.stat().st_mode & OTHERS]
    public = {"url"}
    for file in loose:
        if file.name in public or file.suffix in {".crt", ".pem"}:
            continue
        text = f"{file} may be read by others (mode {stat.S_IMODE(file.stat().st_mode):o})"
        yield Finding("files", "wrong", text, f"chmod 600 {file}")
    if folder.is_dir():
        yield Finding("files", "well", f"{len(found)} files of secrets looked at")


def _secrets(plant: Plant) -> Iterator[Finding]:
    """Where the plant file says that secrets are, and whether others can read them."""
    count = 0
    named: list[tuple[str, Any]] = [
        *((f"connection {name}", one.config) for name, one in plant.connections.items()),
        *((f"sink {name}", config) for name, config in plant.sinks.items()),
        ("history", plant.history),
        ("bus", plant.bus),
        ("pki", getattr(plant, "pki", {})),
    ]
    for what, held in named:
        for secret in _held(held):
            count += 1
            file = Path(secret.file) if secret.file else None
            if file is not None and file.exists() and file.stat().st_mode & OTHERS:
                mode = f"{stat.S_IMODE(file.stat().st_mode):o}"
                text = f"{what}: {file} may be read by others (mode {mode})"
                yield Finding("secrets", "wrong", text, f"chmod 600 {file}")
    yield Finding("secrets", "well", f"{count} secrets, none of them in the plant file")


def _held(value: Any) -> Iterator[Secret]:  # noqa: ANN401 - any section of a plant file
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        keys = {key for key, one in value.items() if one}
        if keys and keys <= {"env", "file", "keyring"} and set(value) & {"env", "file"}:
            yield Secret.model_validate({key: value[key] for key in keys})
        else:
            for one in value.values():
                yield from _held(one)
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _held(getattr(value, name))


def _roles(plant: Plant) -> Iterator[Finding]:
    grants = plant.access.grants
    if grants:
        yield Finding("roles", "well", f"{len(grants)} granted; what none grants is denied")
    else:
        text = "the plant file grants none: all but the owner are denied everything"
        yield Finding("roles", "note", text, "write `access: {grants: [...]}`")


def _hops(plant: Plant) -> Iterator[Finding]:
    from isthmus.runtime.trust.hops import hops

    found = hops(plant)
    for hop in found:
        yield Finding(f"plain: {hop.what}", hop.weight, f"{hop.where}: {hop.found}", hop.do)
    if not found:
        yield Finding("plain hops", "well", "no value leaves this machine unprotected")


# ------------------------------------------------------------------ records, programs, zones
def _ledger(folder: Path) -> Iterator[Finding]:
    from isthmus.trust.ledger.check import examine

    place = folder / "trust" / "ledger"
    if not place.is_dir():
        yield Finding("ledger", "note", "nothing was recorded yet: no site has run here")
        return
    found = examine(place)
    if found.fault is not None:
        fault = found.fault
        text = f"{fault.wrong}: {fault.text}, in {fault.file} line {fault.line}"
        yield Finding(
            "ledger", "wrong", text, "`isthmus ledger verify`; keep the files as they are"
        )
    else:
        text = f"{found.records} records, {found.checkpoints} signatures, all as they were written"
        yield Finding("ledger", "well", text)


def _program(folder: Path) -> Iterator[Finding]:
    from isthmus.bus.binary import locate, require_known
    from isthmus.bus.server import KNOWN

    path = locate()
    require_known(path, folder / "bus" / KNOWN)
    yield Finding("the bus's program", "well", f"{path} is the one that was installed")


def _zones(plant: Plant, folder: Path) -> Iterator[Finding]:
    from isthmus.runtime.trust.evidence import assessments
    from isthmus.runtime.trust.zones import FOLDER
    from isthmus.trust.zones.findings import findings
    from isthmus.trust.zones.islands import Islands
    from isthmus.trust.zones.policy import Policy

    if not plant.zones:
        text = "the plant file has no zones: nothing keeps networks apart by its word"
        yield Finding("zones", "note", text, "see docs/guides/zones.md")
        return
    islands = Islands.open(folder / FOLDER)
    policy = Policy.of(plant, islands.zones)
    for name, island in islands.look().items():
        yield Finding("zones", "note", f"{name} is cut off by {island.by}: {island.reason}")
    for weak in findings(plant, policy):
        yield Finding(f"zones: {weak.about}", weak.state, weak.text, weak.hint)
    for one in assessments(plant, policy, folder):
        gaps = ", ".join(f"SR {gap.requirement.id}" for gap in one.gaps)
        if gaps:
            text = f"{one.zone} aims at SL{one.target} and misses {gaps}"
            yield Finding("security level", "note", text, "`isthmus zones levels` says why")
        else:
            text = f"{one.zone}: nothing seen speaks against SL{one.target}"
            yield Finding("security level", "well", text)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""
