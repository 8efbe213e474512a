"""Finding the plant: an address, a data folder whose site runs, or the files in it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from isthmus.client.plant import Plant
from isthmus.client.remote import Remote
from isthmus.client.site import Site
from isthmus.client.source import Source
from isthmus.model.errors import AuthError, ConfigError, LinkError

USUAL = (Path(".isthmus"), Path("demo-plant/site"))
TOKEN = "ISTHMUS_TOKEN"  # noqa: S105 - the name of a variable


def connect(target: str | Path | None = None, *, token: str | None = None) -> Plant:
    """The plant at `target`: `http://host:port` of a site, or a data folder.

    A folder's running site answers, with what is not sealed yet; else its files are read. Without
    a target it is `./.isthmus` or `./demo-plant/site`. An address needs the `token` that is in
    `web/token` of the data folder; it may be in the variable ISTHMUS_TOKEN.
    """
    text = str(target) if target is not None else ""
    if text.startswith(("http://", "https://")):
        given = token or os.environ.get(TOKEN, "")
        if not given:
            raise AuthError(
                f"connecting to {text} without a token",
                hint=f"give `token=`, or set {TOKEN}; it is in `web/token` of the data folder",
            )
        return Plant(Site(Remote(text.rstrip("/"), given)))
    return Plant(source_of(_folder(target), token))


def source_of(folder: Path, token: str | None = None) -> Source:
    """The running site whose data is in `folder`, else its files."""
    try:
        found = Remote.of(folder)
        return Site(replace(found, token=token or found.token))
    except AuthError:
        raise
    except LinkError:
        from isthmus.client.files import Files  # noqa: PLC0415 - engines take a while to load

        return Files(folder)


def _is_data(place: Path) -> bool:
    """Whether it is a data folder; a site that keeps history elsewhere has only its address."""
    return (place / "history").is_dir() or (place / "web" / "url").is_file()


def _folder(target: str | Path | None) -> Path:
    if target is None:
        found = next((place for place in USUAL if place.is_dir()), None)
        if found is None:
            raise ConfigError(
                "there is no data folder here", hint="name one, or the address of a site"
            )
        return found
    folder = Path(target)
    below = (folder, folder / ".isthmus", folder / "site")
    found = next((place for place in below if _is_data(place)), None)
    if found is None:
        raise ConfigError(
            f"there is no history in {folder}",
            hint="name a site's data folder, or its address such as http://127.0.0.1:8800",
        )
    return found
