"""Whatever one changes in the files of the ledger, the place is found."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.record import Kind
from isthmus.trust.ledger import files
from isthmus.trust.ledger.check import Wrong, examine
from isthmus.trust.ledger.find import Wanted, oldest
from isthmus.trust.ledger.ledger import Ledger

START = 1_795_000_000 * 10**9


@lru_cache(maxsize=1)
def written():
    """A sound ledger over two months: its public key, and the lines of its files."""
    with TemporaryDirectory() as name:
        folder, at = Path(name), [START]

        def clock():
            at[0] += 31 * 86_400 * 10**9 // 30
            return at[0]

        ledger = Ledger.open(folder, wall=clock)
        for number in range(24):
            ledger.record(Kind.ACTION, "person:anna", f"wrote {number}", facts={"n": number})
        ledger.close()
        assert examine(folder).sound
        return (folder / "ledger.pub").read_bytes(), {
            file.name: file.read_bytes() for file in files.names(folder)
        }


def fault_of(changed):
    public, _ = written()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ledger.pub").write_bytes(public)
        for file, data in changed.items():
            (folder / file).write_bytes(data)
        found = examine(folder)
        return found.fault, found.torn


@st.composite
def places(draw):
    """A file and one of its lines, but the very last line of all: an anchor alone misses it."""
    _, there = written()
    rows = [(name, row) for name in there for row in range(there[name].count(b"\n"))][:-1]
    return draw(st.sampled_from(rows))


@given(st.data())
def test_a_changed_byte_is_located(data):
    _, there = written()
    name = data.draw(st.sampled_from(sorted(there)))
    at = data.draw(st.integers(0, len(there[name]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != there[name][at]))
    made = bytearray(there[name])
    made[at] = byte
    fault, torn = fault_of({**there, name: bytes(made)})
    if fault is None:
        assert torn
        assert (name, at) == (max(there), len(there[name]) - 1), "the very last line end"
        return
    assert fault.wrong in (Wrong.CHANGED, Wrong.FORGED)
    assert fault.file == name
    assert fault.line == there[name][:at].count(b"\n") + 1


@given(places())
def test_a_dropped_line_is_located(place):
    _, there = written()
    name, row = place
    lines = there[name].splitlines(keepends=True)
    fault, _ = fault_of({**there, name: b"".join(lines[:row] + lines[row + 1 :])})
    assert fault is not None
    assert fault.wrong is Wrong.REMOVED
    number = sum(there[each].count(b"\n") for each in there if each < name) + row + 1
    assert fault.number == number


@given(places())
def test_a_repeated_line_is_located(place):
    _, there = written()
    name, row = place
    lines = there[name].splitlines(keepends=True)
    fault, _ = fault_of({**there, name: b"".join([*lines[: row + 1], *lines[row:]])})
    assert fault is not None
    assert (fault.wrong, fault.file, fault.line) == (Wrong.REPLAYED, name, row + 2)


@given(st.data())
def test_swapped_lines_are_located(data):
    _, there = written()
    name = data.draw(st.sampled_from(sorted(there)))
    lines = there[name].splitlines(keepends=True)
    one = data.draw(st.integers(0, len(lines) - 2))
    other = data.draw(st.integers(one + 1, len(lines) - 1))
    lines[one], lines[other] = lines[other], lines[one]
    fault, _ = fault_of({**there, name: b"".join(lines)})
    assert fault is not None
    assert fault.file == name
    assert one + 1 <= fault.line <= other + 1
    assert fault.wrong is Wrong.REORDERED


HOSTILE = st.text(max_size=300)


@given(HOSTILE, HOSTILE, HOSTILE, st.dictionaries(HOSTILE, HOSTILE, max_size=4))
def test_no_text_forges_a_record(by, about, text, facts):
    with TemporaryDirectory() as name:
        ledger = Ledger.open(Path(name), wall=lambda: START)
        ledger.record(Kind.ACCESS, by, text, about=about, facts=facts)
        ledger.close()
        assert examine(Path(name)).sound
        (entry,) = [e for e in oldest(Path(name), Wanted()) if e.kind == "access"]
        assert (entry.by, entry.about, entry.text, entry.facts) == (by, about, text, facts)
