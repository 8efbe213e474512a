"""Whether commas in numbers part thousands or decimals, where nobody said it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.sample import Int64s

GROUPED = r"^[+-]?[1-9]\d{0,2},\d{3}$"
DECIMAL = r"^[+-]?\d*,(\d{1,2}|\d{4,})?$|^[+-]?(0*|\d{4,}),\d+$"
DOTTED = r"^[+-]?[\d,]*[.]\d+$"
HINT = "--decimal . reads `1,234` as 1234, --decimal , as 1.234"


class Commas:
    """What the cells of a column show, piece by piece; `1,234` alone leaves it in doubt.

    `parted` is whether commas part the cells of the file, so that few would write decimals so.
    """

    def __init__(self, *, parted: bool) -> None:
        self._parted = parted
        self._first: tuple[int, str] | None = None
        self._decimal = self._dotted = False

    def see(self, cells: pa.Array, rows: Int64s) -> None:
        """Note what `cells` show; `rows` are their lines."""
        cells = pc.utf8_trim_whitespace(cells)
        self._dotted = self._dotted or _any(cells, DOTTED)
        if not pc.any(pc.match_substring(cells, ",")).as_py():
            return
        self._decimal = self._decimal or _any(cells, DECIMAL)
        grouped = pc.match_substring_regex(cells, GROUPED).fill_null(False)
        places = np.flatnonzero(grouped.to_numpy(zero_copy_only=False))
        if len(places) and self._first is None:
            self._first = int(rows[places[0]]), str(cells[int(places[0])])

    def require_sure(self, name: str, column: str) -> None:
        """Refuse a column of which nobody knows what its commas mean."""
        if self._first is None or self._decimal or not (self._parted or self._dotted):
            return
        line, cell = self._first
        text = f"`{cell}` in `{column}`: does its comma part thousands, or decimals?"
        raise ConfigError(f"{name}: {text}", mistakes=[Mistake(name, line, text, HINT)])


def _any(cells: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())
