"""A connector whose library is not installed."""

import gaugelib_that_nobody_has  # noqa: F401
