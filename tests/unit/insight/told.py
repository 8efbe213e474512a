"""Series of told samples, times in seconds, and lists of such samples."""

import numpy as np
from hypothesis import strategies as st

from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Nanoseconds, Status

S = 10**9


def series(rows, start, end, before=()):
    def batch(pairs):
        time, value, quality = zip(*pairs, strict=True) if pairs else ((), (), ())
        return Batch(
            np.zeros(len(time), np.int32),
            np.array(time, np.int64) * S,
            np.array(value, float),
            np.array(quality, np.uint32),
        )

    return Series.of(batch(rows), Nanoseconds(start * S), Nanoseconds(end * S), batch(before))


BAD = int(Status.BAD_NO_COMMUNICATION)
SAMPLES = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 17), st.sampled_from([0, BAD])), max_size=30
).map(lambda rows: sorted({row[0]: row for row in rows}.values()))
