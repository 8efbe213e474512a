"""What the plant file says of certificates, as the authority takes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from isthmus.model.sample import Nanoseconds
from isthmus.model.secret import Secret
from isthmus.trust.pki.authority import PlantAuthority, Terms

DAY = 86_400.0


def terms_of(section: Mapping[str, object]) -> Terms:
    """The terms that the section `pki` of a plant file sets; LinkError without the passphrase."""
    kept = section.get("passphrase")
    secret = Secret.model_validate(kept) if kept else None
    files = {
        key: Path(str(section[key])) for key in ("certificate", "key", "chain") if section.get(key)
    }
    days = {
        name: float(str(section[key])) / DAY
        for name, key in (("life", "life"), ("carried", "edges"))
        if section.get(key)
    }
    return Terms(**days, **files, passphrase=secret.reveal() if secret else "")  # type: ignore[arg-type]


def authority_of(folder: Path, name: str, terms: Terms | None = None) -> PlantAuthority:
    """The authority of the installation whose data is in `folder`, made where there is none."""
    return PlantAuthority.open(folder / "pki", name, _wall, terms)


def _wall() -> Nanoseconds:
    """Certificates live by the wall's clock, whatever the plant's does."""
    return Nanoseconds(time.time_ns())
