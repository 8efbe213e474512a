"""A ClickHouse of the tests' own: Debian's `clickhouse-server`, no system service."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.servers.process import ended, free_port, other_user, own_folder, tail

CONFIG = """<yandex>
 <logger><level>warning</level><console>1</console></logger>
 <listen_host>127.0.0.1</listen_host><http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
 <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
 <users_config>users.xml</users_config><default_profile>default</default_profile>
 <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size>
</yandex>"""
USERS = """<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
 <users><isthmus><password>plant</password><networks><ip>127.0.0.1</ip></networks>
 <profile>default</profile><quota>default</quota></isthmus></users></yandex>"""


def program() -> str | None:
    """Where the server is; Debian puts it where plain users do not look."""
    return shutil.which("clickhouse-server", path="/usr/sbin:/usr/bin:/usr/local/bin")


class ClickHouseServer:
    """A running server; user `isthmus`, password `plant`."""

    user, password = "isthmus", "plant"

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        config = CONFIG.format(http=self.port, tcp=free_port(), folder=folder)
        (folder / "config.xml").write_text(config)
        (folder / "users.xml").write_text(USERS)

    @classmethod
    def make(cls) -> Self | None:
        """A server that runs; None where ClickHouse is not installed."""
        if program() is None:
            return None
        server = cls(own_folder("isthmus-ch-"))
        server.start()
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run, and wait until it answers; TimeoutError after a minute."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program(), f"--config-file={self.folder / 'config.xml'}"],
                **other_user(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while True:
            try:
                self.sql("select 1")
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise TimeoutError(f"ClickHouse does not start:\n{tail(self.log)}") from None
                time.sleep(0.1)
            else:
                return

    def sql(self, query: str) -> str:
        """What the server says to a query, over plain HTTP without our code."""
        request = urllib.request.Request(
            self.url,
            query.encode(),
            {"X-ClickHouse-User": self.user, "X-ClickHouse-Key": self.password},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode().strip()

    def database(self, name: str) -> str:
        """A new, empty database of this name."""
        self.sql(f"create database {name}")
        return name

    def kill(self) -> None:
        """As a power cut would."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            ended(process, within=10)

    def remove(self) -> None:
        """End it and forget all that it held."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
