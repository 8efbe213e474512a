"""The logo of reports: a file in the plant's folder, whole, small, and without a program in it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET  # a document with a DTD is refused before it is read

from isthmus.model.plantfile import PlantFile
from isthmus.model.report import Brand, Image
from isthmus.runtime.config.report import Report

LARGEST = 256 << 10
MOST_PIXELS = 4_096  # a side
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"
ACTIVE = ("script", "foreignObject", "iframe", "animate", "set", "handler", "listener")
WHERE = ("branding", "logo")
HINT = "SVG or PNG, such as `logo: logo.svg`"


def brand(file: PlantFile, report: Report) -> Brand:
    """The brand that the section `branding` declares; what is wrong with its logo is reported."""
    entry = file.branding
    made = Brand(entry.name, entry.accent, entry.footer)
    if not entry.logo:
        return made
    folder = Path(report.root.at(WHERE).file).resolve().parent
    place = (folder / entry.logo).resolve()
    if not place.is_relative_to(folder):
        report.add(WHERE, f"`{entry.logo}` is outside of the plant's folder", f"put it in {folder}")
        return made
    try:
        with place.open("rb") as opened:
            body = opened.read(LARGEST + 1)
    except OSError as error:
        report.add(WHERE, f"reading the logo `{entry.logo}`: {error.strerror}", HINT)
        return made
    image, fault = examined(body)
    if fault:
        report.add(WHERE, f"the logo `{entry.logo}` {fault}", HINT)
        return made
    return Brand(entry.name, entry.accent, entry.footer, body, image)


def examined(body: bytes) -> tuple[Image, str]:
    """Which kind of image `body` is, and what is wrong with it; empty where nothing is."""
    if len(body) > LARGEST:
        return "image/png", f"has more than {LARGEST >> 10} KB"
    if body.startswith(PNG):
        return "image/png", _png_fault(body)
    return "image/svg+xml", _svg_fault(body)


def _png_fault(body: bytes) -> str:
    """Chunks must be whole, and the pixels must unpack to what the head promises."""
    at, packed, kinds = len(PNG), [], []
    while at + 12 <= len(body):
        (size,) = struct.unpack_from(">I", body, at)
        kind, part = body[at + 4 : at + 8], body[at + 8 : at + 8 + size]
        told = body[at + 8 + size : at + 12 + size]
        if len(told) < 4 or struct.unpack(">I", told)[0] != zlib.crc32(kind + part):  # noqa: PLR2004
            return "is damaged"
        kinds.append(kind)
        if kind == b"IHDR" and len(part) == 13:  # noqa: PLR2004
            wide, high = struct.unpack_from(">II", part)
            if not (0 < wide <= MOST_PIXELS and 0 < high <= MOST_PIXELS):
                return f"is {wide} x {high} pixels; {MOST_PIXELS} a side are the most"
        packed += [part] if kind == b"IDAT" else []
        at += 12 + size
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or not packed:
        return "is damaged"
    most = MOST_PIXELS * (8 * MOST_PIXELS + 1)
    try:
        unpacker = zlib.decompressobj()
        unpacker.decompress(b"".join(packed), most)
    except zlib.error:
        return "is damaged"
    return "" if unpacker.eof else "is damaged"


def _svg_fault(body: bytes) -> str:
    """Neither programs nor references to anything outside of it."""
    if b"<!DOCTYPE" in body.upper() or b"<!ENTITY" in body.upper():
        return "has a document type; save it as plain SVG"
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a DTD there is nothing to expand
    except ET.ParseError:
        return "is neither PNG nor SVG"
    if root.tag != f"{SVG}svg":
        return "is neither PNG nor SVG"
    return next(filter(None, map(_element_fault, root.iter())), "")


def _element_fault(element: ET.Element) -> str:
    name = element.tag.rpartition("}")[2]
    if name in ACTIVE or name.startswith("animate"):
        return f"holds a `{name}`"
    if name == "style" and _reaches_out(element.text or ""):
        return "has a style that refers to something else"
    return next(filter(None, (_attribute_fault(*each) for each in element.attrib.items())), "")


def _attribute_fault(key: str, value: str) -> str:
    word = key.rpartition("}")[2].lower()
    if word.startswith("on"):
        return f"holds a program (`{word}`)"
    if word in ("href", "src"):
        inside = value.startswith(("#", "data:image/png", "data:image/jpeg"))
        return "" if inside else f"refers to `{value[:40]}`"
    return "has a style that refers to something else" if _reaches_out(value) else ""


def _reaches_out(text: str) -> bool:
    plain = text.lower().replace(" ", "").replace("url(#", "").replace("url('#", "")
    plain = plain.replace('url("#', "")
    return "url(" in plain or "@import" in plain or "javascript:" in plain or "\\" in plain
