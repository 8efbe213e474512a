"""Whether the ledger is as it was written: the first record that is not, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from isthmus.model.record import Kind
from isthmus.trust.ledger import files
from isthmus.trust.ledger.anchor import signed
from isthmus.trust.ledger.ledger import EVERY
from isthmus.trust.ledger.line import GENESIS, Entry, read
from isthmus.trust.ledger.seal import Checkpoint, public_key


class Wrong(StrEnum):
    """What became of a record."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    REPLAYED = "replayed"
    FORGED = "forged"  # well chained, and not signed by the ledger's key
    CUT = "cut off"  # an anchor knows more than is there
    REWRITTEN = "rewritten"  # an anchor knows another record at this place


@dataclass(frozen=True, slots=True)
class Fault:
    """The first record that is not as it was written, and where."""

    wrong: Wrong
    file: str
    line: int
    number: int
    text: str


@dataclass(slots=True)
class Examined:
    """What an examination found."""

    records: int = 0
    first: int = 1
    files: int = 0
    checkpoints: int = 0
    unsigned: int = 0  # records after the last signature
    anchored: int = 0  # up to this record an anchor vouches
    torn: bool = False  # the last line has no end: it is being written, or a crash tore it
    fault: Fault | None = None
    head: bytes = GENESIS

    @property
    def sound(self) -> bool:
        """Whether all is as it was written."""
        return self.fault is None


@dataclass(slots=True)
class _Chain:
    number: int = 0
    head: bytes = GENESIS
    signed: int = 0
    begun: Checkpoint | None = None  # what has to be proved removed
    proofs: set[tuple[int, bytes]] = field(default_factory=set)


Placed = tuple[Path, int, bytes]


def examine(folder: Path, anchors: Sequence[Checkpoint] = (), *, upto: int = 0) -> Examined:
    """Read all of the ledger in `folder`, to record `upto` where it is not 0.

    `anchors` are checkpoints kept elsewhere. StorageError where the public key cannot be read.
    """
    key = public_key(folder)
    there = files.names(folder)
    found, chain = Examined(files=len(there)), _Chain()
    known = _by_count(anchors)
    placed: Placed | None = None
    for placed in _placed(there):
        entry = read(placed[2])
        if entry is not None and upto and entry.number > upto and entry.number == chain.number + 1:
            break
        if entry is None and _is_torn(there, placed):
            break
        found.fault = _misplaced(entry, chain, placed, there) or _unsigned(
            entry, chain, placed, key, found
        )
        if found.fault is None and entry is not None and entry.number in known:
            found.fault = _against(known[entry.number], entry, placed)
            found.anchored = entry.number
        if found.fault is not None:
            break
    found.records, found.head = chain.number, chain.head
    found.torn = bool(there) and files.torn(there[-1]) > 0
    found.unsigned = max(0, chain.number - chain.signed)
    if found.fault is None:
        found.fault = _ends(found, chain, there, placed, known)
    return found


def _placed(there: Sequence[Path]) -> Iterator[Placed]:
    for file in there:
        for number, line in enumerate(files.lines(file), 1):
            yield file, number, line


def _misplaced(
    entry: Entry | None, chain: _Chain, placed: Placed, there: Sequence[Path]
) -> Fault | None:
    """The fault of a record that is not the next one; else the chain goes on with it."""
    wanted = chain.number + 1
    if entry is None:
        return _fault(Wrong.CHANGED, placed, wanted, f"record {wanted} is not what was written")
    if chain.number == 0 and entry.number > 1 and placed[1] == 1 and chain.begun is None:
        chain.begun = Checkpoint(entry.number - 1, entry.previous, b"", b"")
        chain.number, chain.head, wanted = entry.number - 1, entry.previous, entry.number
        chain.signed = chain.number
    if chain.begun is not None and entry.number <= chain.begun.count:
        text = f"record {entry.number} stands behind later ones"
        return _fault(Wrong.REORDERED, placed, entry.number, text)
    if entry.number < wanted:
        text = f"record {entry.number} stands here again, where record {wanted} belongs"
        return _fault(Wrong.REPLAYED, placed, entry.number, text)
    if entry.number > wanted:
        later = any(
            read_number(line) == wanted for at in [_after(there, placed)] for _, _, line in at
        )
        wrong = Wrong.REORDERED if later else Wrong.REMOVED
        text = f"record {entry.number} stands where record {wanted} belongs"
        return _fault(wrong, placed, wanted, text)
    if entry.previous != chain.head:
        text = f"record {wanted} does not follow the record before it"
        return _fault(Wrong.CHANGED, placed, wanted, text)
    chain.number, chain.head = entry.number, entry.hash
    return None


def _unsigned(
    entry: Entry | None, chain: _Chain, placed: Placed, key: bytes, found: Examined
) -> Fault | None:
    if entry is None:
        return None
    number = entry.number
    if entry.kind != Kind.LEDGER or "signature" not in entry.facts:
        if number - chain.signed > EVERY:
            text = f"no signature vouches for the {number - chain.signed} records up to here"
            return _fault(Wrong.FORGED, placed, chain.signed + 1, text)
        return None
    try:
        told = Checkpoint.of(entry.facts)
    except ValueError:
        told = None
    if told is not None and told.key == key and told.count < number - 1 and told.holds("removed"):
        chain.proofs.add((told.count, told.head))
        return None
    sound = told is not None and told.key == key and told.holds()
    if told is None or not sound or (told.count, told.head) != (number - 1, entry.previous):
        text = f"the signature in record {number} is not the ledger's over what stands before"
        return _fault(Wrong.FORGED, placed, number, text)
    chain.signed = number
    found.checkpoints += 1
    return None


def _by_count(anchors: Sequence[Checkpoint]) -> dict[int, set[bytes]]:
    """What each place outside says that the hash was; a ledger made anew leaves two."""
    known: dict[int, set[bytes]] = {}
    for each in signed(anchors):
        known.setdefault(each.count, set()).add(each.head)
    return known


def _against(heads: set[bytes], entry: Entry, placed: Placed) -> Fault | None:
    if heads == {entry.hash}:
        return None
    text = f"record {entry.number} is another than the one that the anchor knows"
    return _fault(Wrong.REWRITTEN, placed, entry.number, text)


def _ends(
    found: Examined,
    chain: _Chain,
    there: Sequence[Path],
    placed: Placed | None,
    known: dict[int, set[bytes]],
) -> Fault | None:
    """What the whole shows: the first records gone, or the last ones."""
    begun = chain.begun
    if begun is not None:
        found.first = begun.count + 1
        if (begun.count, begun.head) not in chain.proofs:
            text = f"the records up to {begun.count} are gone, and no signed record says why"
            return Fault(Wrong.REMOVED, there[0].name, 1, begun.count, text)
    most = max(known, default=0)
    if most > chain.number:
        at = placed or (Path("-"), 0, b"")
        text = f"an anchor knows {most} records, and {chain.number} are here"
        return Fault(Wrong.CUT, at[0].name, at[1], chain.number + 1, text)
    return None


def _is_torn(there: Sequence[Path], placed: Placed) -> bool:
    file, _, line = placed
    if file != there[-1]:
        return False
    size = files.torn(file)
    return size > 0 and size == len(line)


def _after(there: Sequence[Path], placed: Placed) -> Iterator[Placed]:
    reached = False
    for each in _placed(there[list(there).index(placed[0]) :]):
        if reached:
            yield each
        reached = reached or each[:2] == placed[:2]


def read_number(line: bytes) -> int:
    """The number of a whole record, 0 where it is damaged."""
    entry = read(line)
    return entry.number if entry is not None else 0


def _fault(wrong: Wrong, placed: Placed, number: int, text: str) -> Fault:
    return Fault(wrong, placed[0].name, placed[1], number, text)
