"""Records that go to a collector as they come: each once, in order, over restarts and outages."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest

from isthmus.model.errors import LinkError
from isthmus.model.record import Kind
from isthmus.runtime.trust import forward as forwarding
from isthmus.runtime.trust.forward import Forward, forward
from isthmus.trust.ledger import files
from isthmus.trust.ledger.follow import Place, follow
from isthmus.trust.ledger.ledger import Ledger
from isthmus.trust.pki.authority import PlantAuthority

NUMBER = re.compile(r' n="(\d+)"')


class Syslog:
    """A collector that can be put out, hung up on, and let listen again on the same port."""

    def __init__(self, context=None):
        self.context, self.port, self.got, self.open = context, 0, b"", []
        self.begin()

    def begin(self):
        self.listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listening,), daemon=True).start()

    def end(self):
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.hang_up()

    def hang_up(self):
        for there in self.open:
            with suppress(OSError):
                there.shutdown(socket.SHUT_RDWR)
            there.close()
        self.open.clear()

    def _accept(self, listening):
        with suppress(OSError):
            while True:
                there, _ = listening.accept()
                threading.Thread(target=self._take, args=(there,), daemon=True).start()

    def _take(self, there):
        with suppress(OSError):
            if self.context:
                there = self.context.wrap_socket(there, server_side=True)
            self.open.append(there)
            while part := there.recv(65_536):
                self.got += part
        there.close()

    @property
    def numbers(self):
        """Of the whole messages that came, the records' numbers."""
        found, rest = [], self.got
        while rest:
            size, _, rest = rest.partition(b" ")
            message, rest = rest[: int(size)], rest[int(size) :]
            if len(message) == int(size):
                found.append(int(NUMBER.search(message.decode()).group(1)))
        return found


def eventually(what, seconds=20.0):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.fixture
def ledger(tmp_path):
    made = Ledger.open(tmp_path / "trust" / "ledger")
    yield made
    made.close()


@pytest.fixture
def collector():
    made = Syslog()
    yield made
    made.end()


def sending(ledger, tmp_path, to, **more):
    return Forward.open(ledger, tmp_path, {"send": {"to": to, **more}}, "acme/riverside")


def note(ledger, many):
    for number in range(many):
        ledger.record(Kind.ACTION, "person:anna", f"wrote {number}")


def drained(made):
    while made.step():
        pass


def test_each_record_goes_once_in_order_over_restarts_and_outages(ledger, tmp_path, collector):
    to = f"tcp://127.0.0.1:{collector.port}"
    note(ledger, 1_200)
    made = sending(ledger, tmp_path, to)
    drained(made)
    eventually(lambda: collector.numbers == list(range(1, ledger.count + 1)))
    collector.end()
    note(ledger, 10)
    with pytest.raises(LinkError, match="sending to tcp"):
        drained(made)
    assert made.waiting == 10
    with pytest.raises(LinkError):
        drained(made)
    collector.begin()
    drained(made)
    made.close()
    note(ledger, 5)
    again = sending(ledger, tmp_path, to)  # as after a restart
    drained(again)
    again.close()
    eventually(lambda: collector.numbers == list(range(1, ledger.count + 1)))
    assert (again.sent, again.missed, again.waiting) == (5, 0, 0)


def test_over_tls_to_a_known_collector_alone(ledger, tmp_path):
    authority = PlantAuthority.open(tmp_path / "pki", "acme riverside", time.time_ns)
    identity = authority.server("siem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    collector = Syslog(context)
    to = f"tls://localhost:{collector.port}"
    note(ledger, 3)
    try:
        with pytest.raises(LinkError, match="certificate verify failed"):
            drained(sending(ledger, tmp_path, to))
        assert collector.got == b""
        known = sending(ledger, tmp_path, to, ca=str(authority.ca), format="cef")
        drained(known)
        known.close()
        eventually(lambda: collector.got.count(b"CEF:0|Isthmus|") == ledger.count)
    finally:
        collector.end()


def test_what_is_wrong_is_told_and_ends_by_itself(ledger, tmp_path, collector, monkeypatch):
    monkeypatch.setattr(forwarding, "LOOK", 0.02)
    made = sending(ledger, tmp_path, f"tcp://127.0.0.1:{collector.port}")

    async def living():
        task = asyncio.create_task(forward(made))
        waits = [
            (lambda: made.waiting == 0 and made.sent > 0, collector.end),
            (lambda: "sending to" in made.trouble and made.waiting == 2, collector.begin),
            (lambda: not made.trouble and made.waiting == 0, None),
        ]
        for there, then in waits:
            while not there():
                await asyncio.sleep(0.01)
            if then:
                then()
                await asyncio.to_thread(note, ledger, 2 if then == collector.end else 0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(living(), 20))
    eventually(lambda: collector.numbers == list(range(1, ledger.count + 1)))


def test_a_collector_that_does_not_read_keeps_records_waiting(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("isthmus.trust.ledger.send.SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        made = sending(ledger, tmp_path, f"tcp://127.0.0.1:{deaf.getsockname()[1]}")
        for _ in range(60):
            ledger.record(Kind.ACTION, "x", "y" * 4_000, facts={"more": "z" * 4_000})
        with pytest.raises(LinkError, match=r"timed out|not taken"):
            drained(made)
        assert made.waiting == ledger.count
        made.close()


def test_what_was_removed_before_it_was_sent_is_counted(ledger, tmp_path, collector):
    made = sending(ledger, tmp_path, f"tcp://127.0.0.1:{collector.port}")
    drained(made)
    before = ledger.count
    note(ledger, 4)
    (file,) = files.names(ledger.folder)
    lines = file.read_bytes().split(b"\n")
    del lines[before : before + 2]
    lines[before] = lines[before].replace(b"wrote", b"xxxxx")
    file.write_bytes(b"\n".join(lines))
    drained(made)
    made.close()
    assert made.missed == 3
    assert made.waiting == 0


def test_another_collector_gets_all_that_is_kept_and_the_first_is_remembered(ledger, tmp_path):
    first, second = Syslog(), Syslog()
    try:
        for one in (first, second, first):
            note(ledger, 2)
            made = sending(ledger, tmp_path, f"tcp://127.0.0.1:{one.port}")
            drained(made)
            made.close()
        eventually(lambda: first.numbers == list(range(1, ledger.count + 1)))
        assert second.numbers == list(range(1, second.numbers[-1] + 1))
    finally:
        first.end()
        second.end()


def test_a_line_that_is_being_written_waits_and_a_wrong_place_is_read_anew(ledger):
    note(ledger, 3)
    (file,) = files.names(ledger.folder)
    whole = list(follow(ledger.folder, Place(), ledger.count))
    with file.open("ab") as out:
        out.write(b'{"n":99')
    assert list(follow(ledger.folder, Place(), 1_000)) == whole
    middle = whole[1].place
    astray = Place(middle.file, middle.offset - 3, middle.number)
    for place in (middle, astray, Place("2000-01.jsonl", 5, middle.number)):
        assert list(follow(ledger.folder, place, ledger.count)) == whole[2:]
