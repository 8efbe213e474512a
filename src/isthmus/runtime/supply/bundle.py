"""A signed bundle of a plant's configuration: its files, a list of their hashes, a signature.

A zip of `manifest.json`, `signature` (Ed25519 over the manifest's bytes) and `plant/*`. The same
files, note and time give the same bundle. Nothing in it is believed before the signature is.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from isthmus.model.errors import ConfigError, StorageError
from isthmus.runtime.config import lint
from isthmus.runtime.config.files import MAX_FILES, plant_files
from isthmus.trust.pki.files import write_private, write_public

FOLDER = "trust/configuration"
KEY, TRUSTED = "signing.key", "signing.pub"
FORMAT = 1
MOST = 64 << 20  # bytes of all files together
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml")
_FIRST = (1980, 1, 1, 0, 0, 0)  # the time of all files in the zip


@dataclass(frozen=True, slots=True)
class Bundle:
    """A configuration whose signature and hashes were found right."""

    files: Mapping[str, bytes]
    folder: bool  # whether the plant is a folder of files
    note: str
    made: str
    by: str
    sha256: str  # of its manifest: the number of this configuration

    @property
    def number(self) -> str:
        """What people call it."""
        return self.sha256[:12]


def make(plant: Path, key: Ed25519PrivateKey, *, note: str, made: str, by: str) -> bytes:
    """The bundle of the plant at `plant`; ConfigError with all mistakes where it has some."""
    _require_sound(plant)
    files = {file.name: file.read_bytes() for file in plant_files(plant)}
    for name in files:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"`{name}` is no name for a file of a bundle", hint="rename the file")
    body = {
        "format": FORMAT,
        "folder": plant.is_dir(),
        "note": note,
        "made": made,
        "by": by,
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in sorted(files.items())
        },
    }
    manifest = json.dumps(body, sort_keys=True, indent=1).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        parts = {"manifest.json": manifest, "signature": key.sign(manifest)}
        parts |= {f"plant/{name}": content for name, content in sorted(files.items())}
        for name, content in parts.items():
            packed.writestr(zipfile.ZipInfo(name, _FIRST), content)
    return out.getvalue()


def verify(file: Path, trusted: Ed25519PublicKey) -> Bundle:
    """The bundle in `file`; ConfigError where it is none that `trusted` signed, unchanged."""
    try:
        with zipfile.ZipFile(file) as packed:
            sizes = {one.filename: one.file_size for one in packed.infolist()}
            if len(sizes) > MAX_FILES + 2 or sum(sizes.values()) > MOST:
                raise ConfigError(f"{file} is too large for a configuration")
            parts = {name: packed.read(name) for name in sizes}
        manifest, signature = parts.pop("manifest.json"), parts.pop("signature")
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ConfigError(f"{file} is no bundle: {error}") from error
    try:
        trusted.verify(signature, manifest)
    except InvalidSignature as error:
        raise ConfigError(
            f"{file} is not signed by the key that is trusted here",
            hint="name its key with --key, once you know whose it is",
        ) from error
    said = json.loads(manifest)
    if said["format"] != FORMAT:
        raise ConfigError(f"{file} has the format {said['format']}", hint="update isthmus")
    files = {name.removeprefix("plant/"): content for name, content in parts.items()}
    listed: dict[str, dict[str, object]] = said["files"]
    if files.keys() != listed.keys() or not all(map(_NAME.fullmatch, files)):
        raise ConfigError(f"{file} has other files than its list")
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != listed[name]["sha256"]:
            raise ConfigError(f"{file}: {name} was changed after it was signed")
    digest = hashlib.sha256(manifest).hexdigest()
    return Bundle(files, said["folder"], said["note"], said["made"], said["by"], digest)


def signing_key(data: Path) -> Ed25519PrivateKey:
    """The key that signs here, made at first use; its public half is what this site trusts."""
    folder = data / FOLDER
    file = folder / KEY
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate()
        how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        write_private(file, made.private_bytes(*how, serialization.NoEncryption()))
        public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        write_public(folder / TRUSTED, made.public_key().public_bytes(*public))
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(f"reading {file}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StorageError(f"{file} holds no Ed25519 key")
    return key


def trusted_key(data: Path, given: Path | None) -> Ed25519PublicKey:
    """The key that bundles must be signed with: `given`, else the one of this site."""
    file = given or data / FOLDER / TRUSTED
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no key of bundles in {file}", hint="name the signer's with --key FILE"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{file} is no public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{file} holds no Ed25519 key")
    return key


def _require_sound(plant: Path) -> None:
    _, mistakes = lint(plant)
    if mistakes:
        many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigError(f"{plant}: {many}", hint=mistakes[0].hint, mistakes=mistakes)
