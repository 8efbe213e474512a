"""Which tags a pattern means, with the nearest path where it means none."""

from __future__ import annotations

from contextlib import suppress

from isthmus.model.errors import ConfigError
from isthmus.model.path import Pattern, nearest


def select(paths: list[str], text: str, root: str) -> list[str]:
    """Those of `paths` that `text` selects; ConfigError where there are none."""
    try:
        pattern = Pattern.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"the pattern `{text}`: {error}", hint="such as `packaging/**/power` or `**/speed`"
        ) from error
    found = pattern.select(paths, root)
    if not found:
        near = _meant(paths, text, root)
        raise ConfigError(
            f"no tag is selected by `{text}`",
            hint=f"did you mean `{near}`?" if near else "`isthmus list tags` shows all",
        )
    return found


def _meant(paths: list[str], text: str, root: str) -> str | None:
    """The selection probably meant: nearer words, all that is below, or more levels a star."""
    levels = {level for path in paths for level in path.split("/")}
    words = [
        word if "*" in word or word in levels else nearest(word, levels) or word
        for word in text.split("/")
    ]
    guess = "/".join(words)
    wider = "/".join("**" if word == "*" else word for word in words)
    for tried in (guess, f"{guess}/**", wider):
        with suppress(ValueError):  # longer than a pattern may be
            if Pattern.parse(tried).select(paths, root):
                return tried
    return nearest(text, [*paths, *{path.rpartition("/")[0] for path in paths}])
