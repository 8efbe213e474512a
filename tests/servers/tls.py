"""A TLS endpoint before a server that has none, as a reverse proxy is."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Self

from isthmus.trust.pki.authority import Identity

CHUNK = 65_536


class TlsFront:
    """Listens with `identity` on a port of 127.0.0.1 and passes on to `port`."""

    def __init__(self, identity: Identity, port: int) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(identity.certificate, identity.key)
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.passed = 0  # connections that spoke TLS with us

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                there, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(there,), daemon=True).start()

    def _serve(self, there: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(there, server_side=True) as safe:
            self.passed += 1
            with socket.create_connection(("127.0.0.1", self._behind)) as behind:
                back = threading.Thread(target=_pass, args=(behind, safe), daemon=True)
                back.start()
                _pass(safe, behind)
                back.join(5)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
