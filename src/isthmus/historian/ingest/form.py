"""How times are written: the forms that are known, which one a column is in, text of one read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.model.errors import ConfigError
from isthmus.model.sample import Bools, Floats, Int64s

SECOND = 10**9
DAY = 86_400 * SECOND
EPOCH = {"epoch": SECOND, "epoch_ms": 10**6, "epoch_us": 10**3, "epoch_ns": 1}
BELOW = ((1e11, SECOND), (1e14, 10**6), (1e17, 10**3))  # a number below is in such a unit
ISO = "iso"
ISO_FORM = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)?\s*(Z|z|UTC|[+-]\d\d(:?\d\d)?)?$"
DATES = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%Y-%m-%d", "%d-%b-%y", "%d-%b-%Y", "%Y%m%d"),
)
CLOCKS = (" %H:%M:%S%f", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "")
FORMS = (*(date + clock for date in DATES for clock in CLOCKS if date + clock != "%Y%m%d"),
         "%Y%m%d %H%M%S", "%Y%m%d %H%M")  # fmt: skip
COMPACT = (
    r"^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d){0,2}|24(00){0,2})?$"
)
DIGITS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
LATE = r"([T ])24:00((:00([.,]0+)?)?\s*(Z|z|UTC|[+-]\d\d(:?\d\d)?)?)$"
COMPACT_LATE = r"^(\d{8})24((00){0,2})$"
LOOK, DOUBT = 500, 0.2  # rows looked at first, and how many of them may make no sense
LATEST = 2**63 - 2 * 3_600 * SECOND


def detected(text: pa.Array) -> str:
    """The one format that all of `text` is in; ConfigError where there is none or several."""
    words = until_24(text.filter(pc.greater(pc.utf8_length(text), 0)))[0]
    if not len(words):
        return ISO
    others = 1 - _share(words, ISO_FORM)
    if not others:
        return ISO
    if digits := compact(words):
        return digits
    if _share(words, r"^-?\d{9,19}([.]\d*)?$") == 1:
        typical = floats(words).to_numpy(zero_copy_only=False)
        return next(name for name, scale in EPOCH.items() if scale == unit(typical))
    some = words.slice(0, LOOK)
    read = [(form, *parsed(words, form)) for form in FORMS if parsed(some, form)[1].mean() < DOUBT]
    least = min((bad.mean() for _, _, bad in read), default=1.0)
    if others <= least and others < 1 - DOUBT:
        return ISO
    best = [each for each in read if each[2].mean() == least]
    if not best:
        raise ConfigError(
            f"`{str(words[0])[:60]}` is no time of a known form",
            hint="say how it is written: --time-format '%d.%m.%Y %H:%M:%S', or epoch_ms, or excel",
        )
    form, time, bad = best[0]
    other = next((each for each in best if (each[2] != bad).any() or
                  (each[1] != time)[~bad].any()), None)  # fmt: skip
    if other:
        raise ConfigError(
            f"`{words[0]}` may be read as `{form}` and as `{other[0]}`",
            hint=f"say which: --time-format '{form}'",
        )
    return form


def compact(words: pa.Array) -> str:
    """The form of times of digits alone, such as 201801010015; empty where they are not such."""
    fits = pc.match_substring_regex(words, COMPACT).fill_null(False)
    sizes = pc.unique(pc.utf8_length(words.filter(fits))).to_pylist()
    doubt = pc.mean(pc.invert(fits).cast(pa.float64())).as_py() if len(words) else 1.0
    if len(sizes) != 1 or doubt >= DOUBT or (doubt and len(DIGITS[sizes[0]]) == len("%Y%m%d%H")):
        return ""  # ten digits are seconds since 1970, unless they are dates one and all
    return DIGITS[sizes[0]]


def until_24(text: pa.Array, form: str = "") -> tuple[pa.Array, Int64s | None]:
    """`text` with 24:00 written as 00:00, and how much later (ns) each is than it is then."""
    if form in DIGITS.values():
        late = pc.match_substring_regex(text, COMPACT_LATE).fill_null(False)
        plain = pc.replace_substring_regex(text, COMPACT_LATE, r"\100\2")
    else:
        late = pc.match_substring(text, "24:00").fill_null(False)
        if not pc.any(late).as_py():
            return text, None
        late = pc.match_substring_regex(text, LATE).fill_null(False)
        plain = pc.replace_substring_regex(text, LATE, r"\100:00\2")
    days: Int64s = late.to_numpy(zero_copy_only=False).astype(np.int64) * DAY
    return (plain, days) if days.any() else (text, None)


def parsed(text: pa.Array, form: str) -> tuple[Int64s, Bools]:
    """Text by a `strptime` format, ns; a last `%f` is a fraction of a second, if there is one."""
    if "%z" in form or "%f" in form[:-2]:
        return _by_hand(text, form)
    rest = np.zeros(len(text), np.int64)
    if form.endswith("%f"):
        form = form[:-2].rstrip(".,")
        cut = pc.extract_regex(text, r"^(?P<base>.*?)(?:[.,](?P<rest>\d{1,9}))?$")
        text = cut.field("base")
        digits = pc.utf8_rpad(cut.field("rest").fill_null(""), 9, "0")
        rest = digits.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    found = pc.strptime(text, format=form, unit="s", error_is_null=True)
    seconds: Int64s = found.fill_null(0).cast(pa.int64()).to_numpy(zero_copy_only=False)
    bad = found.is_null().to_numpy(zero_copy_only=False) | (np.abs(seconds) >= LATEST // SECOND)
    return np.where(bad, 0, seconds) * SECOND + rest, bad


def _by_hand(text: pa.Array, form: str) -> tuple[Int64s, Bools]:
    time, bad = np.zeros(len(text), np.int64), np.zeros(len(text), np.bool_)
    for place, word in enumerate(text.to_pylist()):
        try:
            told = datetime.strptime(word or "", form)  # noqa: DTZ007 - local where it tells none
        except ValueError:
            bad[place] = True
            continue
        base = told.replace(tzinfo=told.tzinfo or ZoneInfo("UTC"), microsecond=0)
        time[place] = int(base.timestamp()) * SECOND + told.microsecond * 1_000
    return time, bad


def floats(text: pa.Array) -> pa.Array:
    """Text that is a number as such, null where it is none."""
    fits = pc.match_substring_regex(text, r"^-?\d+([.]\d*)?$")
    return pc.if_else(fits, text, None).cast(pa.float64())


def unit(value: Floats) -> int:
    """ns of the unit that counts since 1970 are in, by their size."""
    typical = float(np.median(np.abs(value))) if len(value) else 0.0
    return next((scale for limit, scale in BELOW if typical < limit), 1)


def _share(words: pa.Array, pattern: str) -> float:
    """How much of `words` fits `pattern`, 0 to 1."""
    fits = pc.match_substring_regex(words, pattern)
    return float(pc.mean(fits.cast(pa.float64())).as_py())
