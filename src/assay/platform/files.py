"""Files that people bring beside a table, made safe to keep and to serve.

A file is what its first bytes say, out of a short list, and its name has to agree. Where its bytes lie
follows from their digest alone, so that a name is never a path. Nothing that a browser would run is taken.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.utils.translation import gettext as _

from assay.errors import AssayError

FILE_LIMIT = 200 * 2**20
TEXT_LIMIT = 5 * 2**20
TOTAL_LIMIT = 4 * 2**30
MOST_FILES = 5_000
RATIO = 200
"""Media are packed already: what grows by more than this is made to fill a disk."""
NAME_LIMIT = 200
CHUNK = 1 << 20

KINDS = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg",
    "flac": "audio/flac", "m4a": "audio/mp4", "mp4": "video/mp4", "m4v": "video/mp4", "ogv": "video/ogg",
    "webm": "video/webm", "pdf": "application/pdf", "txt": "text/plain", "md": "text/plain",
    "csv": "text/plain", "tsv": "text/plain", "json": "text/plain", "jsonl": "text/plain",
}  # fmt: skip
"""The endings that are taken, and what such a file has to be."""

INLINE = ("image/", "audio/", "video/")
_RIDES_ALONG = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Brought:
    """One file that somebody brings: the name it goes by, and how its bytes are read."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Stored:
    """A file that is kept: `digest` says where."""

    name: str
    digest: str
    media_type: str
    size: int


def plain_name(given: str) -> str:
    """Return the name a file goes by, or refuse one that could be taken for something else.

    >>> plain_name("moon.png")
    'moon.png'
    >>> plain_name("../moon.png")
    Traceback (most recent call last):
    assay.errors.AssayError: “../moon.png” is no name for a file; use letters, digits, dots and dashes.
    """
    name = unicodedata.normalize("NFC", given).strip()
    strange = any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in name)
    if not name or name.startswith(".") or len(name) > NAME_LIMIT or strange or set(name) & set('/\\|:*?"<>'):
        raise AssayError(
            _("“%s” is no name for a file; use letters, digits, dots and dashes.") % given[:80].strip()
        )
    return name


def media_type(name: str, head: bytes) -> str:
    """Return what a file is, by its first bytes; they have to agree with its name.

    >>> media_type("moon.gif", b"GIF89a")
    'image/gif'
    >>> media_type("moon.svg", b"<svg>")
    Traceback (most recent call last):
    assay.errors.AssayError: “moon.svg” cannot be taken: only images, audio, video, PDF and plain text can.
    """
    said = KINDS.get(name.rpartition(".")[2].lower())
    if said is None:
        raise AssayError(_("“%s” cannot be taken: only images, audio, video, PDF and plain text can.") % name)
    found = _sniffed(head)
    if found == "ogg":
        found = said if said.endswith("/ogg") else "audio/ogg"
    elif found == "mp4":
        found = said if said.endswith("/mp4") else "video/mp4"
    if found != said:
        raise _misnamed(name)
    return said


def _misnamed(name: str) -> AssayError:
    return AssayError(_("“%s” is not what its name says; save it again under the right ending.") % name)


def _pointing(name: str) -> AssayError:
    return AssayError(_("“%s” points to another file; bring the file itself.") % name)


def _sniffed(head: bytes) -> str:
    starts = {
        b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif",
        b"GIF89a": "image/gif", b"OggS": "ogg", b"ID3": "audio/mpeg", b"fLaC": "audio/flac",
        b"%PDF-": "application/pdf",
    }  # fmt: skip
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"heix", b"mif1"):
        return "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]:
        return "video/webm"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MPEG audio, layer III
        return "audio/mpeg"
    return "text/plain" if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        if wrong.start < len(head) - 4:  # a character may be cut off at the end
            return False
        text = head[: wrong.start].decode("utf-8-sig")
    control = any(letter < " " and letter not in "\t\n\r\f" for letter in text)
    return not control and not text.lstrip().startswith("<")


def store(brought: Brought) -> Stored:
    """Keep the bytes of a file under their digest, or refuse it and keep nothing."""
    name = plain_name(brought.name)
    folder = Path(settings.ATTACHMENTS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size, kind = hashlib.sha256(), 0, ""
    with brought.open() as source, tempfile.NamedTemporaryFile(dir=folder, prefix=".new-") as new:
        while part := source.read(CHUNK):
            kind = kind or media_type(name, part[:4096])
            size += len(part)
            if size > (TEXT_LIMIT if kind == "text/plain" else FILE_LIMIT):
                raise AssayError(_("“%s” is too large.") % name)
            if kind == "text/plain" and b"\0" in part:
                raise _misnamed(name)
            digest.update(part)
            new.write(part)
        if not size:
            raise AssayError(_("“%s” is empty.") % name)
        new.flush()
        place = path_of(digest.hexdigest())
        if not place.exists():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            os.link(new.name, place)  # whole or not at all; the temporary name goes when the block ends
    return Stored(name, digest.hexdigest(), kind, size)


def path_of(digest: str) -> Path:
    """Return where the bytes of a digest lie.

    >>> path_of("ab" * 32).parts[-2:] == ("ab", "ab" * 32)
    True
    """
    return Path(settings.ATTACHMENTS) / digest[:2] / digest


def unpacked(archive: BinaryIO, name: str) -> list[Brought]:
    """Return the files in a ZIP archive, each under the last part of its name; refuse one that is a trap."""
    try:
        held = zipfile.ZipFile(archive)
        entries = [entry for entry in held.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as wrong:
        raise AssayError(_("“%s” is not a ZIP archive that can be read; pack it again.") % name) from wrong
    wanted = [entry for entry in entries if not _rides_along(entry.filename)]
    if len(wanted) > MOST_FILES:
        raise AssayError(_("“%(name)s” holds more than %(most)s files.") % {"name": name, "most": MOST_FILES})
    if sum(entry.file_size for entry in wanted) > TOTAL_LIMIT:
        raise AssayError(_("“%s” unpacks to more than 4 GB.") % name)
    for entry in wanted:
        _check(entry)
    return [Brought(_last(entry.filename), _opener(held, entry)) for entry in wanted]


def _rides_along(path: str) -> bool:
    return path.startswith(_RIDES_ALONG) or path.rpartition("/")[2] in _RIDES_ALONG


def _last(path: str) -> str:
    """Return the last part of a path within an archive or a folder, or refuse one that leads out of it."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise AssayError(
            _("“%s” is no name for a file; use letters, digits, dots and dashes.") % path[:80].strip()
        )
    return plain_name(parts[-1])


def _check(entry: zipfile.ZipInfo) -> None:
    _last(entry.filename)
    shown = {"name": entry.filename[:80]}
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _pointing(entry.filename[:80])
    if entry.flag_bits & 1:
        raise AssayError(_("“%(name)s” is locked with a password; pack it without one.") % shown)
    if entry.file_size > FILE_LIMIT:
        raise AssayError(_("“%s” is too large.") % entry.filename[:80])
    if entry.file_size > RATIO * entry.compress_size + CHUNK:
        raise AssayError(_("“%(name)s” grows too much when it is unpacked.") % shown)


def _opener(held: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return held.open(entry)  # type: ignore[return-value]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as wrong:
            raise AssayError(
                _("“%s” is not a ZIP archive that can be read; pack it again.") % entry.filename[:80]
            ) from wrong

    return opened


def from_uploads(uploads: Iterable[Any]) -> list[Brought]:
    """Return the files of a form: each upload, or what is in it where it is an archive."""
    found: list[Brought] = []
    for upload in uploads:
        name = str(getattr(upload, "name", "") or "")
        if name.lower().endswith(".zip"):
            found += unpacked(upload, name)
        else:
            found.append(Brought(name, _again(upload)))
    if len(found) > MOST_FILES:
        raise AssayError(_("That is more than %s files at once.") % MOST_FILES)
    return found


def _again(upload: Any) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        upload.seek(0)
        return cast("BinaryIO", upload)

    return opened


def from_folder(folder: Path) -> list[Brought]:
    """Return the files of a folder and of those within it, or of an archive; a link is refused."""
    if folder.is_file() and folder.suffix.lower() == ".zip":
        return unpacked(folder.open("rb"), folder.name)
    if not folder.is_dir():
        raise AssayError(_("%s is neither a folder nor a ZIP archive.") % folder)
    return list(_within(folder))


def _within(folder: Path) -> Iterator[Brought]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _RIDES_ALONG:
            continue
        if path.is_symlink():
            raise _pointing(path.name)
        if path.is_dir():
            yield from _within(path)
        elif path.is_file():
            yield Brought(path.name, lambda path=path: path.open("rb"))  # type: ignore[misc]
