"""All certificates of a plant: ours and those of devices, what ends when, and who took one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from isthmus.model.errors import ConfigError
from isthmus.model.plant import Plant
from isthmus.model.record import Kind, Recorder
from isthmus.runtime.trust import hops, seen
from isthmus.runtime.trust.pending import PKI, REFUSED, TRUSTED, Devices, Waiting, bare
from isthmus.runtime.trust.seen import Seen, Standing
from isthmus.runtime.trust.shown import Shown, ShownBook
from isthmus.runtime.trust.terms import authority_of, terms_of
from isthmus.trust.pki.authority import Identity, PlantAuthority, Use
from isthmus.trust.pki.files import read_certificates
from isthmus.trust.pki.register import REASONS, Issued, Reason

OURS = "this plant's authority"
FORECAST = 400.0  # days
SERVICES = {
    "isthmus": "the site's own connection to the bus",
    "nats": "the bus: no edge and no part of the site can connect any more",
    "sql": "SQL clients that check certificates",
    "web": "browsers, and commands that ask the site",
}
NAMED = ("ca", "certificate", "server_certificate")  # files that settings name


class Certificates:
    """Reads and judges certificates; each act is recorded before it happens."""

    def __init__(self, plant: Plant | None, folder: Path, recorder: Recorder) -> None:
        """`folder` is the site's data folder; without a plant only files are known."""
        self.plant, self.folder, self._recorder = plant, folder, recorder
        self.devices = Devices(folder / "links")
        self._authority: PlantAuthority | None = None
        self._shown: ShownBook | None = None

    @property
    def shown(self) -> ShownBook:
        """What was shown on wires; StorageError where its file is damaged."""
        if self._shown is None:
            self._shown = ShownBook.open(self.folder)
        return self._shown

    @property
    def authority(self) -> PlantAuthority:
        """The plant's authority; StorageError where it cannot be used."""
        if self._authority is None:
            terms = terms_of(self.plant.pki) if self.plant else None
            name = self.plant.site if self.plant else "plant"
            self._authority = authority_of(self.folder, name, terms)
        return self._authority

    # ------------------------------------------------------------ what there is
    def issued(self) -> list[Issued]:
        """All that our authority issued, with their states at this moment."""
        now = datetime.now(UTC)
        return [found.at(now) for found in self.authority.register.all()]

    def inventory(self) -> list[Seen]:
        """Every certificate in the plant's folders and shown on its wires, soonest end first."""
        found = [*self._ours(), *self._of_devices(), *self._of_settings()]
        return sorted(self._with_wires(found), key=lambda one: one.ends)

    def forecast(self, days: float = FORECAST) -> list[Seen]:
        """What ends within `days`, in order, with what it breaks and whether anything renews it."""
        until = datetime.now(UTC) + timedelta(days=days)
        counted = ("good", "due", "trusted", "authority", "expired", "shown")
        return [one for one in self.inventory() if one.standing in counted and one.ends <= until]

    def hops(self) -> list[hops.Hop]:
        """The ways that nothing protects."""
        return hops.hops(self.plant) if self.plant else []

    def _ours(self) -> Iterator[Seen]:
        for file in ("ca.crt", "chain.crt"):
            path = self.authority.folder / file
            for found in read_certificates(path) if path.exists() else ():
                yield seen.told(
                    found,
                    f"pki/{file}",
                    "authority",
                    breaks="all that it issued: the bus, edges, SQL and pages",
                    do="`isthmus cert request` asks the company for another",
                )
        now = datetime.now(UTC)
        for one in self.issued():
            if one.state == "expired" and now - one.ends > timedelta(days=90):
                continue
            renews = one.name in SERVICES or one.name.startswith(("edge.", "link."))
            yield Seen(
                OURS,
                one.name,
                self.authority.certificate.subject.rfc4514_string(),
                one.use,
                one.sha256,
                one.serial,
                one.begins,
                one.ends,
                _standing(one, now),
                one.hosts,
                self.breaks(one.name) if one.state in ("good", "expired") else "",
                renews,
                "" if renews else self._again(one.name),
            )

    def _of_devices(self) -> Iterator[Seen]:
        parts: tuple[tuple[Sequence[Waiting], Standing, str], ...] = (
            (self.devices.trusted(), "trusted", "renew it at the device, then approve the new one"),
            (self.devices.waiting(), "pending", "compare the SHA-256, then approve or refuse it"),
            (self.devices.refused(), "refused", ""),
        )
        for ones, standing, do in parts:
            for one in ones:
                place = f"connection {one.link}"
                breaks = self._link(one.link) if standing == "trusted" else ""
                yield seen.told(
                    one.certificate, place, standing, breaks=breaks, do=do, link=one.link
                )
        links = self.devices.links
        for base in sorted(links.iterdir()) if links.is_dir() else ():
            for _, found in seen.folder(base / PKI / "own"):
                yield seen.told(
                    found,
                    f"connection {base.name}, ours",
                    "good",
                    breaks=self._link(base.name),
                    renews=True,
                    do="the device must trust the new one as well",
                    link=base.name,
                )

    def _of_settings(self) -> Iterator[Seen]:
        """Files that connections, sinks and pages name."""
        if self.plant is None:
            return
        named: list[tuple[str, object, str]] = [
            (f"connection {name}", link.config, self._link(name))
            for name, link in self.plant.connections.items()
        ]
        named += [(f"sink {name}", sink, f"sink {name}") for name, sink in self.plant.sinks.items()]
        for place, config, breaks in named:
            for key in NAMED:
                for found in seen.read(Path(str(getattr(config, key, "") or "/"))):
                    yield seen.told(
                        found, f"{place}: {key}", "trusted", breaks=breaks, do="renew the file"
                    )

    def _with_wires(self, found: Sequence[Seen]) -> Iterator[Seen]:
        """`found`, with where and when each was shown, and what was shown on wires besides."""
        shown = {(one.link or one.place, one.sha256): one for one in self.shown.all()}
        ours = {bare(one.sha256) for one in found if one.place == OURS}
        for one in found:
            wire = shown.pop((one.link, bare(one.sha256)), None) if one.link else None
            yield replace(one, **_when(wire)) if wire else one
        for wire in shown.values():
            with suppress(ValueError):
                renews = wire.sha256 in ours
                do = "" if renews or not wire.now else "renew it where it is shown"
                yield seen.told(
                    wire.certificate,
                    wire.place,
                    "shown" if wire.now else "replaced",
                    breaks=wire.breaks if wire.now else "",
                    renews=renews,
                    do=do,
                    link=wire.link,
                    **_when(wire),
                )

    def breaks(self, name: str) -> str:
        """What stops once nothing issued for `name` holds any more."""
        if name.startswith("edge.") and self.plant is not None:
            edge = name.removeprefix("edge.")
            links = ", ".join(self.plant.run_by(edge)) or "no connections"
            return f"edge {edge} and what it runs: {links}"
        if name.startswith("reader."):
            return f"reader {name.removeprefix('reader.')}, which hears the bus"
        if name.startswith("link."):
            return f"connection {name.removeprefix('link.')}, which shows it to its device"
        return SERVICES.get(name, "whoever carries it")

    def _link(self, name: str) -> str:
        link = self.plant.connections.get(name) if self.plant else None
        if link is None:
            return f"connection {name}"
        zone = f" in zone {link.config.zone}" if link.config.zone else ""
        return f"connection {name} to {link.config.endpoint}{zone}: {len(link.addresses)} tags"

    def _again(self, name: str) -> str:
        if name.startswith("edge."):
            return f"`isthmus edge issue {name.removeprefix('edge.')}`, carried over"
        return f"`isthmus cert issue {name}`"

    # ------------------------------------------------------------ acts
    def known(self, name: str) -> str:
        """`name` where anything was issued for it, or an edge has it; else ConfigError."""
        edges = {f"edge.{edge}" for edge in (self.plant.edges if self.plant else ())}
        names = {one.name for one in self.authority.register.all()} | edges
        if name in names:
            return name
        raise ConfigError(
            f"nothing was issued for `{name[:100]}`", hint=f"issued: {', '.join(sorted(names))}"
        )

    def revoke(self, name: str, reason: str, by: str) -> Sequence[Issued]:
        """Take back all that was issued for `name`; the site shuts it out within seconds."""
        if reason not in REASONS:
            raise ConfigError(f"`{reason[:50]}` is no reason", hint=f"one of {', '.join(REASONS)}")
        found: Reason = next(one for one in REASONS if one == reason)
        self.record(by, f"revoked the certificates of {self.known(name)}", name, reason=reason)
        return self.authority.revoke(name, found, by)

    def renew(self, name: str, by: str) -> Identity:
        """A new certificate for a part of the site, in place of one that still holds."""
        last = next((one for one in reversed(self.issued()) if one.name == name), None)
        if last is None or not (self.authority.folder / f"{name}.crt").exists():
            self.known(name)
            raise ConfigError(f"{name} keeps its key elsewhere", hint=self._again(name))
        self.record(by, f"renewed the certificate of {name}", name)
        use = Use[last.use.upper()]
        return self.authority.issue(name, use, hosts=last.hosts, anew=True)

    def sign(
        self,
        name: str,
        request: bytes,
        by: str,
        *,
        use: str = "client",
        hosts: Sequence[str] = (),
    ) -> bytes:
        """A certificate (PEM, with its chain) for the key of `request`, which stays elsewhere.

        ConfigError where it is no name, or that of a part of the site itself.
        """
        if name in SERVICES or (self.authority.folder / f"{name}.crt").exists():
            raise ConfigError(f"`{name}` is the site's own", hint=f"`isthmus cert renew {name}`")
        self.record(by, f"issued a certificate for {name}"[:200], name[:100], use=use)
        try:
            return self.authority.answer(request, name, Use[use.upper()], hosts)
        except (ValueError, KeyError) as error:
            raise ConfigError(str(error), hint="such as `historian-reader`") from error

    def renew_edge(self, edge: str, name: str, request: bytes) -> bytes:
        """What an edge that is let in gets for its request; Refused where it is not its own."""
        chain = self.authority.answer(request, name, renews=True)
        self.record(f"edge:{edge}", f"renewed the certificate of {name}", name)
        return chain

    def approve(self, sha256: str, by: str, link: str = "") -> Waiting:
        """Let the device in that shows the certificate with this SHA-256."""
        return self._judge(sha256, by, link, TRUSTED, "trusted")

    def refuse(self, sha256: str, by: str, link: str = "") -> Waiting:
        """Refuse a device's certificate for good, also one that was trusted before."""
        return self._judge(sha256, by, link, REFUSED, "refused")

    def _judge(self, sha256: str, by: str, link: str, to: Path, word: str) -> Waiting:
        found = self.devices.find(sha256, link)
        text = f"{word} the certificate that {found.link} shows"
        subject = found.certificate.subject.rfc4514_string()[:200]
        self.record(by, text, found.link, sha256=found.sha256, subject=subject)
        self.devices.move(found, to)
        return found

    def record(self, by: str, text: str, about: str, **facts: str) -> None:
        """Write down who does what, before it is done."""
        self._recorder.record(Kind.CERTIFICATE, by, text, about=about, facts=facts)


def _when(wire: Shown) -> dict[str, Any]:
    """Where and when a certificate was shown."""
    first, last = (datetime.fromtimestamp(one, UTC) for one in (wire.first, wire.last))
    return {"where": wire.where, "first": first, "last": last}


def _standing(one: Issued, now: datetime) -> Standing:
    return "due" if one.state == "good" and now > one.due else one.state
