"""Tables of others become samples: layouts, units, qualities, words, and what is none."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isthmus.historian.ingest.csv_file import CsvFile
from isthmus.historian.ingest.mapping import Known, Names, Rule, file_rules, rules
from isthmus.historian.ingest.moment import LocalTime, Moments
from isthmus.historian.ingest.parquet_file import ParquetFile
from isthmus.historian.ingest.shape import Layout, Shape
from isthmus.historian.ingest.sql_query import SqlQuery, without_password
from isthmus.historian.ingest.value import Values, qualities
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Status

TAGS = {
    tag.path: tag
    for tag in (
        Known("line1/power", "kW"),
        Known("line1/temp", "degC"),
        Known("line1/state", "", {"execute": 6.0, "stopped": 2.0}),
        Known("line2/power", "kW"),
    )
}


def taken(reader, *, names=None, decimal="", thousands="", classic=False, zone="UTC", **layout):
    shape = Shape(
        Layout.of(reader.columns, **layout),
        names or Names(TAGS),
        Moments(LocalTime(zone)),
        Values.of(decimal, thousands),
        classic,
    )
    rows, rejects = [], []
    for piece in reader.pieces():
        batch, wrong = shape.samples(piece)
        rejects += wrong
        paths = [shape.targets[place].tag.path for place in batch.tag.tolist()]
        times = [str(np.datetime64(time, "s")) for time in (batch.time // 10**9).tolist()]
        rows += zip(paths, times, batch.value.tolist(), batch.quality.tolist(), strict=True)
    return rows, rejects, shape


def written(tmp_path, text, name="old.csv", encoding="utf-8"):
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    return CsvFile(file)


def test_a_wide_file_has_a_column_a_tag(tmp_path):
    rows, rejects, shape = taken(written(tmp_path, (
        "time,line1/power,line1/temp [degF],other\n"
        "2026-03-01 10:00:00,1.5,212,9\n"
        "2026-03-01 10:01:00,,32,9\n"
    )))  # fmt: skip
    assert rows == [
        ("line1/power", "2026-03-01T10:00:00", 1.5, 0),
        ("line1/temp", "2026-03-01T10:00:00", pytest.approx(100.0), 0),
        ("line1/temp", "2026-03-01T10:01:00", pytest.approx(0.0), 0),
    ]
    assert (rejects, shape.absent, dict(shape.unmatched)) == ([], 1, {"other": 2})


GROUPS = (
    "time;line1/power;line2/power\n"
    "2026-03-01 10:00;1.234;12,345\n"
    "2026-03-01 10:01;1.234.567;12.5\n"
    "2026-03-01 10:02;1.234,5;0.234\n"
)


def test_a_single_group_beside_decimal_commas_is_refused_with_its_line(tmp_path):
    rows, rejects, _ = taken(written(tmp_path, GROUPS), decimal=",")
    assert [row[2] for row in rows] == [1_234_567, 1_234.5, 12.345, 12.5, 0.234]
    (reject,) = rejects
    assert (reject.row, reject.text) == (2, "1.234")
    assert "--thousands ." in reject.reason
    assert "leave out `--decimal`" in reject.reason


def test_a_single_group_is_what_thousands_say(tmp_path):
    for decimal in ("", ","):
        rows, rejects, _ = taken(written(tmp_path, GROUPS), decimal=decimal, thousands=".")
        assert ([row[2] for row in rows][:3], rejects) == ([1_234, 1_234_567, 1_234.5], [])
    rows, rejects, _ = taken(written(tmp_path, "time;line1/power\n2026-03-01;1,234\n"), decimal=".")
    assert ([row[2] for row in rows], rejects) == ([1_234], [])
    with pytest.raises(ConfigError, match="both thousands and decimals"):
        Values.of(".", ".")


def test_without_a_decimal_sign_commas_and_dots_are_decimals(tmp_path):
    rows, rejects, _ = taken(written(tmp_path, GROUPS))
    assert [row[2] for row in rows] == [1.234, 12.345, 12.5, 0.234]
    assert [each.row for each in rejects] == [3, 4]


def test_a_delimiter_at_the_end_of_each_line_is_no_column(tmp_path):
    text = "time;line1/power\n2026-03-01 10:00;1;\n2026-03-01 10:01;2;\n"
    rows, rejects, shape = taken(written(tmp_path, text))
    assert ([row[2] for row in rows], rejects, shape.unmatched) == ([1, 2], [], {})


def test_a_long_file_has_a_tag_and_a_value_a_row(tmp_path):
    rows, rejects, _ = taken(written(tmp_path, (
        "tag;timestamp;value;quality\n"
        "line1/state;2026-03-01T10:00:00Z;Execute;good\n"
        "line1/power;2026-03-01T10:00:00Z;1,5;uncertain\n"
        "line1/power;2026-03-01T10:00:01Z;;BadSensorFailure\n"
        "line1/power;2026-03-01T10:00:02Z;I/O Timeout;\n"
        "line1/power;2026-03-01T10:00:03Z;much;good\n"
        "line1/power;2026-03-01T10:00:04Z;2,5;so-so\n"
    )))  # fmt: skip
    assert sorted(rows, key=lambda row: (row[1], row[0]))[:2] == [
        ("line1/power", "2026-03-01T10:00:00", 1.5, Status.UNCERTAIN),
        ("line1/state", "2026-03-01T10:00:00", 6.0, 0),
    ]
    bad = [(row[1][-2:], row[3]) for row in rows if np.isnan(row[2])]
    assert bad == [("01", Status.BAD_SENSOR_FAILURE), ("02", Status.BAD_TIMEOUT)]
    assert [(reject.row, reject.text) for reject in rejects] == [(7, "so-so"), (6, "much")]
    assert ("line1/power", "2026-03-01T10:00:04", 2.5, Status.UNCERTAIN) in rows


def test_lines_that_do_not_fit_are_told_with_their_numbers(tmp_path):
    text = "export of today\ntime,line1/power\n2026-03-01 10:00:00,1\n\n2026-03-01\n"
    text += "2026-03-01 10:00:02,2,3\nnever,4\n2026-03-01 10:00:03,x\n2026-03-01 10:00:04,5\n"
    file = tmp_path / "odd.csv"
    file.write_text(text, encoding="utf-8")
    rows, rejects, _ = taken(CsvFile(file, skip=1))
    assert [row[2] for row in rows] == [1, 5]
    assert [reject.row for reject in rejects] == [5, 6, 7, 8]
    assert "1 cells instead of 2" in rejects[0].reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_found_out(tmp_path, encoding):
    reader = written(tmp_path, "time;Öl\n2026-03-01 10:00:00;1\n", encoding=encoding)
    names = Names(TAGS, [Rule("Öl", "line1/temp")])
    assert taken(reader, names=names)[0] == [("line1/temp", "2026-03-01T10:00:00", 1.0, 0)]


@pytest.mark.parametrize(("end", "pack"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_compressed_files_are_read_as_they_are(tmp_path, end, pack):
    file = tmp_path / f"old.csv.{end}"
    file.write_bytes(pack.compress(b"time,line1/power\n2026-03-01 10:00:00,1\n"))
    assert len(taken(CsvFile(file))[0]) == 1


HEAD = b"time,line1/power\n2026-03-01 10:00:00,1\n"
MANY = HEAD + b"".join(b"2026-03-01 10:00:00,%d\n" % (n * 7_919) for n in range(40_000))
OPEN = HEAD + b'2026-03-01 10:00:01,"' + b"x" * (3 << 20)


@pytest.mark.parametrize(
    ("end", "content", "said"),
    [
        ("gz", gzip.compress(MANY)[:-2_000], "unpacking .*ended before"),
        ("bz2", bz2.compress(HEAD)[:-9], "unpacking .*ended before"),
        ("xz", b"2026", "unpacking"),
        ("gz", HEAD, "unpacking .*ot a gzipped file"),
        ("csv", OPEN, "reading .*straddl"),
        ("csv", MANY[: 300 << 10] + b"1\n2026-03-01 10:00:00,\xff\n", "reading .*UTF8"),
        ("csv", b"time," + b"x" * 140_000, "reading .*field larger"),
        ("csv", HEAD.decode().encode("utf-16") + b"\n", "reading .*truncated"),
    ],
)
def test_a_damaged_file_is_told_with_its_name_and_what_next(tmp_path, end, content, said):
    file = tmp_path / f"old.{end}"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as told:
        list(CsvFile(file).pieces())
    assert str(file) in str(told.value)
    assert told.value.hint


def test_a_delimiter_is_one_sign_or_a_tab_in_words(tmp_path):
    reader = tmp_path / "old.csv"
    reader.write_text("time\tline1/power\n2026-03-01 10:00:00\t1\n", "utf-8")
    assert len(taken(CsvFile(reader, delimiter="\\t"))[0]) == 1
    with pytest.raises(ConfigError, match="`::` is no delimiter"):
        CsvFile(reader, delimiter="::")


def test_a_long_file_comes_in_pieces_with_the_right_lines(tmp_path):
    lines = [
        f"2026-03-01 {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},{n}" for n in range(80_000)
    ]
    lines[70_000] = "2026-03-01 19:26:40,wrong"
    reader = written(tmp_path, "time,line1/power\n" + "\n".join(lines) + "\n")
    rows, rejects, _ = taken(reader)
    assert len(rows) == len({row[1] for row in rows}) == 79_999
    assert [reject.row for reject in rejects] == [70_002]
    assert reader.share() == 1.0


def test_parquet_keeps_its_types(tmp_path):
    file = tmp_path / "old.parquet"
    time = pa.array([0, 10**9, None], pa.timestamp("ns", "UTC"))
    columns = {
        "ts": time,
        "line1/power": pa.array([1, None, 3], pa.int32()),
        "line1/state": pa.array(["execute", "stopped", None]).dictionary_encode(),
        "line2/power": pa.array([True, False, None]),
    }
    pq.write_table(pa.table(columns), file)
    rows, rejects, shape = taken(ParquetFile(file))
    assert [row[2] for row in rows] == [1.0, 6.0, 2.0, 1.0, 0.0]
    assert (rejects, shape.absent) == ([], 1)


def test_a_query_to_a_database_is_a_table_too(tmp_path):
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as made:
        made.execute("create table old (t text, name text, v real)")
        made.executemany(
            "insert into old values (?, 'line1/power', ?)",
            [(f"2026-03-01 10:00:{n:02d}", n) for n in range(60)],
        )
    made.close()
    reader = SqlQuery(f"sqlite:///{file}", "select t as time, name, v as value from old")
    assert len(taken(reader)[0]) == 60
    with pytest.raises(ConfigError, match="no such table"):
        SqlQuery(f"sqlite:///{file}", "select * from missing")
    with pytest.raises(ConfigError):
        SqlQuery(f"sqlite:///{file}", "delete from old returning t, v")
    assert without_password("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"


def test_names_are_mapped_by_rules_patterns_place_and_brackets(tmp_path):
    names = Names(TAGS, rules(["P*=line*/power", "T=line1/temp [K]"]), under="line2")
    assert names.target("P2").tag.path == "line2/power"
    target = names.target("T")
    assert 300 * target.factor + target.offset == pytest.approx(26.85)
    assert names.target("power").tag.path == "line2/power"
    assert names.target("line1/power (W)").factor == pytest.approx(0.001)
    assert names.target("pressure") is None
    assert names.nearest("powr") == "line2/power"
    made = Names(TAGS, under="legacy/boiler", create=True).target("Flow Rate [m3/h]")
    assert (made.tag.path, made.tag.unit, made.fresh) == ("legacy/boiler/Flow_Rate", "m3/h", True)
    with pytest.raises(ConfigError) as wrong:
        Names(TAGS, [Rule("x", "line1/powr")]).target("x")
    assert wrong.value.hint == "did you mean `line1/power`?"
    with pytest.raises(ConfigError, match="cannot be line1/power in kW"):
        Names(TAGS, [Rule("x", "line1/power", "degC")]).target("x")
    file = tmp_path / "map.csv"
    file.write_text("name,path,unit\n# old plant\nP,line1/power,W\nT,line1/temp\n")
    assert file_rules(file) == [Rule("P", "line1/power", "W"), Rule("T", "line1/temp")]
    file.write_text("P,line1/power\nonly\n")
    with pytest.raises(ConfigError) as wrong:
        file_rules(file)
    assert wrong.value.mistakes[0].line == 2


def test_columns_are_asked_for_by_what_there_is():
    with pytest.raises(ConfigError, match="no column is a time"):
        Layout.of(["a", "b"])
    with pytest.raises(ConfigError, match="there is no column `c`"):
        Layout.of(["a", "b"], time="c")
    with pytest.raises(ConfigError, match="no column is a value"):
        Layout.of(["time", "tag", "b"], layout="long")
    assert Layout.of(["Time", "Value", "tag"]).tag == "tag"


def test_qualities_in_words_numbers_and_of_opc_da():
    words = pa.array(["Good", "0x80310000", "-2144862208", "bad", "", None, "odd"])
    codes, wrong = qualities(words)
    assert codes.tolist()[:6] == [0, 0x80310000, 0x80280000, Status.BAD, 0, 0]
    assert wrong.tolist() == [False] * 6 + [True]
    codes, _ = qualities(pa.array([192, 216, 64, 0, 24]), classic=True)
    assert codes.tolist() == [0, 0, Status.UNCERTAIN, Status.BAD, Status.BAD]
