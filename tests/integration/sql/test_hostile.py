"""Clients that mean harm, or err: each harms itself alone."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.sql.conftest import PASSWORD

CROWD = 1_000
SSL_REQUEST = struct.pack(">ii", 8, 80877103)


def startup(**parameters: str) -> bytes:
    body = struct.pack(">i", 3 << 16)
    body += b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items()) + b"\0"
    return struct.pack(">i", len(body) + 4) + body


def dial(site) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", site.port), timeout=10)
    made.settimeout(10)
    return made


def told(connection: socket.socket) -> bytes:
    """All that the server says until it hangs up."""
    said = b""
    try:
        while part := connection.recv(65_536):
            said += part
    except ConnectionError:
        pass
    return said


def well(site) -> None:
    """Everybody else is still answered."""
    with psycopg.connect(site.url()) as made:
        assert made.execute("select count(*) from samples").fetchone()[0] > 0


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS without asking
        struct.pack(">i", 0x7FFF_FFFF),
        struct.pack(">i", -1),
        struct.pack(">ii", 8, 2 << 16),
        struct.pack(">ii", 8, 3 << 16),
        startup(user="anna") + b"p" + struct.pack(">i", 0x7FFF_FFFF),
        startup(user="anna") + b"p\0\0\0\x04",
        startup(user="anna") + b"Q\0\0\0\x0dselect 1\0",
        startup(database="x"),
        SSL_REQUEST * 20,
        SSL_REQUEST + startup(user="anna"),  # words before the TLS asked for
    ],
)
def test_wrong_words_end_their_own_connection(site, words):
    with dial(site) as made:
        made.sendall(words)
        made.shutdown(socket.SHUT_WR)
        assert len(told(made)) < 10_000
    well(site)


def test_whoever_says_nothing_is_sent_away(tight):
    with dial(tight) as made:
        made.sendall(b"\0\0")
        begin = time.monotonic()
        told(made)
        assert time.monotonic() - begin < 8


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(b"PBDECSHQXFfdcp\0z"), st.binary(max_size=60)), max_size=8)
)
def test_any_messages_after_signing_in(site, messages):
    made = psycopg.connect(site.url(sslmode="disable"), autocommit=True)
    raw = socket.socket(fileno=made.fileno())
    try:
        raw.setblocking(True)
        raw.settimeout(5)
        for kind, body in messages:
            raw.sendall(bytes([kind]) + struct.pack(">i", len(body) + 4) + body)
        raw.sendall(b"S\0\0\0\x04X\0\0\0\x04")
        told(raw)
    except OSError:
        pass
    finally:
        raw.detach()
        made.close()
    assert site.endpoint.counts.signed_in


def test_a_crowd_of_strangers_keeps_nobody_out(site):
    with ExitStack() as stack:
        crowd = [stack.enter_context(dial(site)) for _ in range(CROWD)]
        for one in crowd[::3]:
            with suppress(OSError):
                one.sendall(b"\0\0\0")
        well(site)
    well(site)
    assert site.endpoint.counts.crowded >= CROWD // 2


def test_beyond_the_limit_one_is_told_at_once(tight):
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(psycopg.connect(tight.url()))
        with pytest.raises(psycopg.OperationalError, match="too many connections for user"):
            psycopg.connect(tight.url())
        stack.enter_context(psycopg.connect(tight.url("ben")))
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            psycopg.connect(tight.url("ben"))
    well(tight)


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("select * from range(100000) t(i)", "53400"),  # never a part of the answer
        ("select * from generate_series(1, 10000000000)", "53400"),
        ("select count(*) from range(100000000000)", "57014"),
        ("select repeat('x', 1000000000) from range(1000)", None),
        ("select list(i) from range(1000000000) t(i)", None),
        ("select " + "(" * 5_000 + "1" + ")" * 5_000, None),
        ("select '" + "x" * 70_000 + "'", None),
    ],
)
def test_endless_answers_end_with_an_error(tight, query, state):
    with pytest.raises(psycopg.Error) as caught, psycopg.connect(tight.url()) as made:
        made.execute(query)
    assert state is None or caught.value.sqlstate == state
    well_tight(tight)


def well_tight(site) -> None:
    with psycopg.connect(site.url()) as made:
        assert made.execute("select 1").fetchone() == (1,)


def test_a_client_that_does_not_read_costs_no_memory(site):
    import psutil

    process = psutil.Process()
    made = psycopg.connect(site.url(sslmode="disable"), autocommit=True)
    made.pgconn.send_query(b"select a.i, repeat('x', 1000) from range(2000000) a(i)")
    made.pgconn.flush()
    before = process.memory_info().rss
    time.sleep(2)
    assert process.memory_info().rss - before < 200 << 20
    well(site)
    made.close()


def test_many_statements_and_portals_are_bounded(tight):
    with psycopg.connect(tight.url(), autocommit=True) as made:
        for number in range(5):
            made.pgconn.prepare(f"s{number}".encode(), b"select 1")
        found = made.pgconn.prepare(b"one_more", b"select 1")
        assert b"54000" in (found.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"")
        assert made.execute("select 1", prepare=False).fetchone() == (1,)


def test_an_open_transaction_that_idles_is_ended(tight):
    with psycopg.connect(tight.url()) as made:
        made.execute("select 1")
        time.sleep(2.5)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            made.execute("select 1")


def test_no_one_learns_who_is_known_and_guessing_delays_the_guesser_alone(site):
    for user in ("anna", "nobody"):
        url = site.url(user).replace(PASSWORD.replace(" ", "%20"), "wrong")
        with pytest.raises(psycopg.OperationalError, match=f'failed for user "{user}"'):
            psycopg.connect(url)
    for _ in range(4):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(site.url("mallory"))
    begin = time.monotonic()
    well(site)
    assert time.monotonic() - begin < 5


def test_a_stranger_cannot_cancel(site):
    result: list[object] = []

    def ask() -> None:
        with psycopg.connect(site.url(), autocommit=True) as made:
            ids.append(made.info.backend_pid)
            result.append(made.execute("select sum(sqrt(i)) from range(30000000) t(i)").fetchone())

    ids: list[int] = []
    thread = threading.Thread(target=ask)
    thread.start()
    while not ids:
        time.sleep(0.01)
    for secret in (0, 1, -1):
        with dial(site) as made:
            made.sendall(struct.pack(">iiii", 16, 80877102, ids[0], secret))
            told(made)
    thread.join(60)
    assert result


def test_many_at_once_are_all_answered(site):
    def ask(number: int) -> int:
        with psycopg.connect(site.url()) as made:
            query = "select count(*) from line1.filler where time_2 >= %s"
            return int(made.execute(query, [number]).fetchone()[0])

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(ask, range(20))) == [3_600 - number for number in range(20)]


def test_tls_is_spoken_from_its_second_version_on(site):
    context = ssl.create_default_context(cafile=site.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with dial(site) as made:
        made.sendall(SSL_REQUEST)
        assert made.recv(1) == b"S"
        with context.wrap_socket(made, server_hostname="localhost") as safe:
            assert safe.version() in ("TLSv1.2", "TLSv1.3")
