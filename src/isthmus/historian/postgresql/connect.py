"""Connections to the server: how they are made, kept for reading, and what their errors mean."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.model.errors import AuthError, IsthmusError, StorageError

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

REFUSED = ("28000", "28P01", "42501", "3D000")  # who we are, what we may, which database
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)
SESSION = (  # of every connection; a server sees within half a minute that our machine is gone
    "set timezone = 'UTC'",
    "set datestyle = 'ISO, YMD'",
    "set intervalstyle = 'iso_8601'",
    "set client_min_messages = warning",
    "set extra_float_digits = 3",
    "set tcp_keepalives_idle = 10",
    "set tcp_keepalives_interval = 5",
    "set tcp_keepalives_count = 3",
)


def connect(settings: PostgreSqlSettings, *, read_only: bool = False) -> Connection:
    """A connection that commits each statement; StorageError where there is none to be had."""
    more: dict[str, Any] = {"sslmode": settings.sslmode}
    if settings.password is not None:
        more["password"] = settings.password.reveal()
    if settings.ca:
        more["sslrootcert"] = settings.ca
    elif settings.sslmode == "verify-full" and "sslrootcert=" not in settings.url:
        more["sslrootcert"] = "system"
    try:
        connection: Connection = psycopg.connect(
            settings.url,
            autocommit=True,
            connect_timeout=settings.connect_seconds,
            application_name=f"isthmus {socket.gethostname()}:{os.getpid()}",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            **more,
        )
        for line in SESSION:
            connection.execute(line)
        if read_only:
            connection.execute("set default_transaction_read_only = on")
            limit = round(settings.read_seconds * 1000)
            connection.execute(f"set statement_timeout = {limit}")
    except psycopg.Error as error:
        raise failed(settings, error, "connecting") from error
    return connection


def failed(settings: PostgreSqlSettings, error: psycopg.Error, doing: str) -> IsthmusError:
    """What a foreign error means, in our own words."""
    said = " ".join(str(error).split()) or type(error).__name__
    text = f"{doing} at {settings.place}: {said}"
    state = error.sqlstate or ""
    if state in REFUSED or "authentication failed" in said or "no password supplied" in said:
        return AuthError(
            text,
            hint="check the user, its password and its rights: it must own the schema, "
            f"or be let make it (`create schema {settings.schema} authorization ...`)",
        )
    if "certificate" in said or "SSL" in said:
        return StorageError(
            text,
            hint="name the authority that signed its certificate with `history: {ca: FILE}`; "
            "`tls: require` encrypts without checking who answers",
        )
    if isinstance(error, errors.DiskFull):
        return StorageError(text, hint="free or add disk space at the server")
    return StorageError(text, hint="is the server up? the stream keeps what comes meanwhile")


class Readers:
    """A few connections for reading, made when first needed; any thread may ask."""

    def __init__(self, settings: PostgreSqlSettings) -> None:
        self._settings = settings
        self._free: list[Connection] = []
        self._room = threading.BoundedSemaphore(settings.readers)

    def ask(self, question: Callable[[Connection], T], doing: str) -> T:
        """What `question` gives; once more where a connection had died while it lay idle."""
        with self._room:
            for connection in self._connections():
                known = connection is not None
                try:
                    with self._lent(connection) as lent:
                        return question(lent)
                except AWAY as error:
                    if not known or isinstance(error, errors.QueryCanceled):
                        raise failed(self._settings, error, doing) from error
                except psycopg.Error as error:
                    raise failed(self._settings, error, doing) from error
        raise AssertionError("a fresh connection answers or fails")

    def _connections(self) -> Iterator[Connection | None]:
        """Those that lie idle, then a fresh one."""
        while self._free:
            with suppress(IndexError):
                yield self._free.pop()
        yield None

    @contextmanager
    def _lent(self, idle: Connection | None) -> Iterator[Connection]:
        connection = idle or connect(self._settings, read_only=True)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)

    def close(self) -> None:
        """Close those that lie idle."""
        while self._free:
            self._free.pop().close()
