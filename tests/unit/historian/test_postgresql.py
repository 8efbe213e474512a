"""What the engine on PostgreSQL decides without a server: bytes of COPY, TLS, statements."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from isthmus.historian.postgresql.binary import KEY, READ, WRITTEN, decode, encode
from isthmus.historian.postgresql.schema import statements
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.model.errors import ConfigError, ProtocolError
from isthmus.model.sample import Batch


def one_row() -> Batch:
    return Batch(
        np.array([7], np.int32),
        np.array([946_684_800_000_001_999], np.int64),
        np.array([1.5]),
        np.array([0x8031_0000], np.uint32),
    )


def test_a_row_is_what_the_manual_says():
    # PostgreSQL 15, COPY, "Binary Format": signature, flags, extension; count, then size and bytes
    written = b"".join(encode(one_row(), WRITTEN, 12))
    row = struct.pack(
        ">hiqidiiiiiiih", 6, 8, 1, 8, 1.5, 4, 12, 4, 7, 4, 0x8031_0000 - 2**32, 2, 999
    )
    assert written == b"PGCOPY\n\xff\r\n\0" + bytes(8) + row + b"\xff\xff"
    assert len(b"".join(encode(one_row(), KEY))) == 19 + 2 + 12 + 8 + 6 + 2


def test_rows_come_back_as_they_were():
    size = 100_000  # more than one piece
    rng = np.random.default_rng(5)
    rows = Batch(
        rng.integers(0, 1 << 31, size, np.int32),
        rng.integers(-(1 << 62), 1 << 62, size, np.int64),
        rng.normal(size=size),
        rng.integers(0, 1 << 32, size, np.uint32),
    )
    again = decode(b"".join(encode(rows, READ)))
    for name in ("tag", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(again, name), getattr(rows, name))
    assert not len(decode(b"".join(encode(Batch.empty(), READ))))


@pytest.mark.parametrize("cut", [0, 5, 19, 30, 66])
def test_a_stream_that_is_cut_short_is_no_answer(cut):
    with pytest.raises(ProtocolError, match="no whole binary COPY"):
        decode(b"".join(encode(one_row(), READ))[:cut])


def test_columns_of_another_number_are_no_answer():
    whole = bytearray(b"".join(encode(one_row(), READ)))
    whole[20] = 6
    with pytest.raises(ProtocolError, match="other columns"):
        decode(bytes(whole))


@pytest.mark.parametrize(
    ("url", "tls", "mode"),
    [
        ("postgresql://isthmus@db.acme.example/plant", "", "verify-full"),
        ("postgresql://isthmus@10.4.0.9:5433/plant", "", "verify-full"),
        ("postgresql://isthmus@db.acme.example/plant", "require", "require"),
        ("postgresql://isthmus@db.acme.example/plant?sslmode=verify-ca", "", "verify-ca"),
        ("postgresql://isthmus@127.0.0.1/plant", "", "prefer"),
        ("postgresql://isthmus@localhost/plant", "verify-full", "verify-full"),
        ("postgresql:///plant?host=/run/postgresql", "", "prefer"),
        ("postgresql://isthmus@/plant?host=db.acme.example", "", "verify-full"),
    ],
)
def test_tls_is_whole_unless_told_or_at_home(url, tls, mode):
    assert PostgreSqlSettings(url, tls=tls).sslmode == mode


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "mysql://db/plant"}, "no address of a PostgreSQL"),
        ({"url": "postgresql://db/plant", "schema": 'x"; drop table t'}, "no schema's name"),
        ({"url": "postgresql://db/plant", "schema": "Plant"}, "no schema's name"),
    ],
)
def test_settings_that_cannot_be_are_told(more, said):
    with pytest.raises(ConfigError, match=said) as told:
        PostgreSqlSettings(**more)
    assert told.value.hint


def test_a_place_tells_no_secret():
    told = PostgreSqlSettings("postgresql://isthmus:secret@db.acme.example:5433/plant").place
    assert told == "db.acme.example:5433/plant, schema isthmus"


def test_where_timescale_is_installed_samples_are_a_hypertable():
    """The statements alone: no TimescaleDB can be had here to run them against."""
    lines = statements("plant", timescale=True)
    (table,) = (line for line in lines if line.startswith("create table raw_samples"))
    assert "partition by" not in table
    more = [" ".join(line.split()) for line in lines if "plant.raw_samples" in line]
    made, compressed, policy = more
    assert made == (
        "select create_hypertable('plant.raw_samples', 'time', "
        "chunk_time_interval => interval '7 days')"
    )
    assert "timescaledb.compress_segmentby = 'tag'" in compressed
    assert "timescaledb.compress_orderby = 'time, sub_ns'" in compressed
    assert policy == "select add_compression_policy('plant.raw_samples', interval '7 days')"
    plain = statements("plant", timescale=False)
    assert any("partition by range (time)" in line for line in plain)
    assert not any("hypertable" in line for line in plain)
