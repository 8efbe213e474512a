"""TLS of the pages: the certificate that they show, taken anew while they are served."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from pathlib import Path

import psutil
from cryptography import x509

from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.runtime.app import App
from isthmus.trust.pki.files import certificates_pem, read_certificates, write_public

log = logging.getLogger(__name__)

SHOWN = Path("web/shown.crt")  # of the data folder: what this user's own tools accept, and no other
ANY = ("0.0.0.0", "::")  # noqa: S104 - asked, not bound
LOOK = 30.0
STRICT = ("Strict-Transport-Security", "max-age=31536000")


class Shown:
    """The certificate of the pages: the plant authority's, or files that the plant file names."""

    def __init__(self, app: App, host: str, hosts: frozenset[str]) -> None:
        """Raises ConfigError where a named file cannot be used, StorageError of the authority."""
        self._app = app
        self._wished = sorted(name for name in {*hosts, *_addresses(host)} if name not in ANY)
        told = app.plant.web.get("tls")
        named = told if isinstance(told, dict) else {}
        self._named = str(named.get("certificate") or ""), str(named.get("key") or "")
        self._loaded: tuple[bytes, bytes] = (b"", b"")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.take()

    def take(self) -> bool:
        """Show what lies in the files now, renewed where it was due; whether it is another.

        Connections that are open stay so.
        """
        certificate, key = self._files()
        try:
            found = certificate.read_bytes(), key.read_bytes()
            if found == self._loaded:
                return False
            chain = read_certificates(certificate)
            self._tell(chain[0])
            self.context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError, IsthmusError) as error:
            raise ConfigError(
                f"reading the certificate of the pages, {certificate}: {error}",
                hint="`web: {tls: {certificate, key}}` name PEM files that belong together",
            ) from error
        self._loaded = found
        return True

    async def keep(self) -> None:
        """Take a renewed certificate soon, for ever."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                if await asyncio.to_thread(self.take):
                    log.info("the pages show another certificate from now on")
            except IsthmusError as error:
                log.warning("%s; the one of before is shown", error)

    def _files(self) -> tuple[Path, Path]:
        certificate, key = self._named
        if certificate:
            return Path(certificate), Path(key)
        made = self._app.trust.certificates.authority.server("web", self._wished)
        return made.certificate, made.key

    def _tell(self, shown: x509.Certificate) -> None:
        """Let this user's own tools accept it, ahead of its being shown."""
        file = self._app.settings.folder / SHOWN
        before = read_certificates(file)[:1] if file.exists() else []
        file.parent.mkdir(parents=True, exist_ok=True)
        write_public(file, certificates_pem([shown, *(one for one in before if one != shown)]))


def wanted(app: App, host: str, loopback: frozenset[str]) -> bool:
    """Whether the pages are to be served with TLS: elsewhere than on the loopback, or if written.

    `web: {plain: true}` does without it, for a proxy in front.
    """
    web = app.plant.web
    return bool(web.get("tls")) or (host not in loopback and not web.get("plain"))


def _addresses(host: str) -> list[str]:
    """The addresses under which a server that listens on `host` is reached."""
    if host not in ANY:
        return [host]
    found = (one.address for ones in psutil.net_if_addrs().values() for one in ones)
    return [text for text in found if _reachable(text)]


def _reachable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_link_local)
