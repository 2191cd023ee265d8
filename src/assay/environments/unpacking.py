"""What lies in a folder that git works in, read without git and without trust: refs, objects, packs.

An object lies in a file of its own, or, after `git gc` and `git repack`, in a pack: whole, or as what
differs from another one of the pack (`git help format-pack`). The folder is somebody else's. So no link below
it is followed, nothing is unpacked beyond what it says and what is allowed, differences upon differences come
to an end, and an object counts only if its bytes have the id that it is asked for under.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path

from assay.environments.errors import WorldError

MOST_READ = 1 << 20
"""Bytes that are read of a file which is not a pack."""

MOST_INDEX, MOST_PACKS = 1 << 26, 50
"""Bytes of a pack's index, a million and more objects; packs of a folder."""

MOST_WHOLE, MOST_UNPACKED = 1 << 22, 1 << 25
"""Bytes of an object that others differ from, and of everything that is unpacked for one branch."""

LONGEST = 4_095
"""Differences upon differences: as many as git makes at most."""

MOST_KEPT = 1 << 23
"""Bytes of unpacked objects that are kept, since many differ from the same ones."""

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_NEARBY, _NAMED = 6, 7
_INDEX_HEAD, _FAN, _NAME = 8, 1024, 20


class Outside:
    """A folder `.git` of somebody else, and what lies in it.

    Use as a context manager: it holds packs open.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty, Outside(Path(empty)) as outside:
    ...     outside.branch("main") is None
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packs: list[_Pack] | None = None
        self._opened = ExitStack()
        self._left = MOST_UNPACKED

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def branch(self, name: str) -> str | None:
        """Return the id of the latest commit of a branch."""
        own = (self._read(".git", "refs", "heads", *name.split("/")) or b"").split()
        told = (self._read(".git", "packed-refs") or b"").splitlines()
        ref = f" refs/heads/{name}".encode()
        for line in (*(each + ref for each in own[:1]), *told):
            if line[40:] == ref and re.fullmatch(rb"[0-9a-f]{40}", line[:40]):
                return line[:40].decode()
        return None

    def object(self, oid: str, most: int) -> tuple[str, bytes]:
        """Return kind and bytes of an object.

        Raises
        ------
        WorldError
            Where it is missing, spoilt, or has more than so many bytes.
        """
        loose = self._read(".git", "objects", oid[:2], oid[2:], most=2 * most + MOST_READ)
        if loose is not None:
            kind, body = _loose(loose, oid, most)
        else:
            pack, place = self._found(oid)
            kind, body = self._unpacked(pack, place, most)
        if sha1(b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).hexdigest() != oid:
            raise WorldError(f"the object {oid} is spoilt; ask `git fsck`, or change a fresh clone")
        return kind, body

    # -- files

    @contextmanager
    def _open(self, *parts: str, folder: bool = False) -> Iterator[int | None]:
        """Open a plain file, or a folder, in the folder; no part of the way to it is a link."""
        kinds = [os.O_DIRECTORY] * len(parts)
        if not folder:
            kinds[-1] = os.O_NONBLOCK
        numbers: list[int] = []
        try:
            numbers.append(os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY))
            for part, kind in zip(parts, kinds, strict=True):
                numbers.append(os.open(part, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=numbers[-1]))
        except OSError:
            yield None
        else:
            wanted = stat.S_ISDIR if folder else stat.S_ISREG
            yield numbers[-1] if wanted(os.fstat(numbers[-1]).st_mode) else None
        finally:
            for number in numbers:
                os.close(number)

    def _read(self, *parts: str, most: int = MOST_READ) -> bytes | None:
        with self._open(*parts) as number:
            return None if number is None else _piece(number, 0, most)

    # -- packs

    def _found(self, oid: str) -> tuple[_Pack, int]:
        if self._packs is None:
            self._packs = self._look()
        for pack in self._packs:
            place = pack.place(bytes.fromhex(oid))
            if place is not None:
                return pack, place
        raise WorldError(f"the object {oid} is missing; change a whole clone, with all its history")

    def _look(self) -> list[_Pack]:
        """Open the packs."""
        with self._open(".git", "objects", "pack", folder=True) as number:
            names = sorted(os.listdir(number)) if number is not None else []
        names = [name[:-4] for name in names if re.fullmatch(r"pack-[0-9a-f]+\.idx", name)]
        if len(names) > MOST_PACKS:
            raise WorldError(
                f"there are more than {MOST_PACKS} packs; make one of them with `git repack -ad`"
            )
        with ExitStack() as opened:
            packs = []
            for name in names:
                index = self._read(".git", "objects", "pack", f"{name}.idx", most=MOST_INDEX + 1)
                with self._open(".git", "objects", "pack", f"{name}.pack") as number:
                    if index is None or number is None:
                        raise WorldError(f"the pack {name} is not whole; ask `git fsck`")
                    file = os.dup(number)
                opened.callback(os.close, file)
                packs.append(_pack(name, index, file))
            self._opened = opened.pop_all()
        return packs

    def _unpacked(self, pack: _Pack, place: int, most: int) -> tuple[str, bytes]:
        """Return kind and bytes of an object of a pack; what it differs from lies in the same pack."""
        differences: list[tuple[int, bytes]] = []
        seen: set[int] = set()
        while (found := pack.kept.get(place)) is None:
            if place in seen or len(seen) > LONGEST:
                raise _spoilt(pack, "objects that differ from each other without an end")
            seen.add(place)
            kind, size, at = pack.head(place)
            limit = MOST_WHOLE if differences or kind not in KINDS else most
            self._take(size, limit)
            before = place
            if kind in KINDS:
                found = KINDS[kind], pack.inflated(at, size)
                pack.keep(before, *found)
                break
            place, at = pack.base(kind, place, at)
            differences.append((before, pack.inflated(at, size)))
        kind_of, body = found
        for where, difference in reversed(differences):
            limit = most if where == differences[0][0] else MOST_WHOLE
            _, size, _ = _sizes(pack, difference)
            self._take(size, limit)
            body = _changed(pack, body, difference)
            pack.keep(where, kind_of, body)
        if len(body) > most:
            raise _large()
        return kind_of, body

    def _take(self, size: int, most: int) -> None:
        """Count what is unpacked, before it is."""
        self._left -= size
        if size > most or self._left < 0:
            raise _large()


@dataclass
class _Pack:
    """A pack that is open, and its index: sorted ids, and where each object begins."""

    name: str
    file: int
    size: int
    fan: tuple[int, ...]
    index: bytes
    kept: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    holds: int = 0

    def place(self, oid: bytes) -> int | None:
        """Return where an object begins."""
        many = self.fan[255]
        names = _INDEX_HEAD + _FAN
        first, last = (self.fan[oid[0] - 1] if oid[0] else 0), self.fan[oid[0]]

        def name(number: int) -> bytes:
            return self.index[names + _NAME * number : names + _NAME * (number + 1)]

        number = bisect_left(range(first, last), oid, key=name) + first
        if number == last or name(number) != oid:
            return None
        places = names + 24 * many
        (place,) = struct.unpack_from(">I", self.index, places + 4 * number)
        if place >> 31:
            far = places + 4 * many + 8 * (place & 0x7FFF_FFFF)
            if far + 8 > len(self.index) - 40:
                raise _spoilt(self, "an index that leads out of itself")
            (place,) = struct.unpack_from(">Q", self.index, far)
        return int(place)

    def head(self, place: int) -> tuple[int, int, int]:
        """Return the kind of what begins at a place, its size when unpacked, and where its bytes begin."""
        if not 12 <= place < self.size - _NAME:
            raise _spoilt(self, "an object outside of it")
        raw = _piece(self.file, place, 12)
        size, shift = raw[0] & 15, 4
        for at in range(1, len(raw)):
            if not raw[at - 1] & 0x80:
                return raw[0] >> 4 & 7, size, place + at
            size |= (raw[at] & 0x7F) << shift
            shift += 7
        raise _spoilt(self, "a size that is none")

    def base(self, kind: int, place: int, at: int) -> tuple[int, int]:
        """Return where the object is that the one at a place differs from, and where the difference is."""
        raw = _piece(self.file, at, _NAME)
        if kind == _NAMED and len(raw) == _NAME:
            found = self.place(raw)
            if found is None:
                raise _spoilt(self, "a difference from an object that it has not")
            return found, at + _NAME
        if kind == _NEARBY:
            back = 0
            for number, byte in enumerate(raw[:10]):
                back = ((back + 1) << 7 if number else 0) | (byte & 0x7F)
                if not byte & 0x80:
                    return place - back, at + number + 1
        raise _spoilt(self, "an object of no kind")

    def inflated(self, at: int, size: int) -> bytes:
        """Return the bytes that begin at a place, which have to be so many."""
        stream, made = zlib.decompressobj(), bytearray()
        # Bytes that do not shrink are at most so long; more would be blocks with nothing in them.
        end = min(self.size - _NAME, at + 2 * size + 1024)
        try:
            while not stream.eof and at < end and len(made) <= size:
                piece = _piece(self.file, at, min(1 << 14, end - at))
                if not piece:
                    break
                at += len(piece)
                made += stream.decompress(piece, size + 1 - len(made))
                while stream.unconsumed_tail and len(made) <= size:
                    made += stream.decompress(stream.unconsumed_tail, size + 1 - len(made))
        except zlib.error:
            raise _spoilt(self, "an object that does not unpack") from None
        if not stream.eof or len(made) != size:
            raise _spoilt(self, "an object of another size than it says")
        return bytes(made)

    def keep(self, place: int, kind: str, body: bytes) -> None:
        """Remember an object, and forget the others where they are many."""
        self.holds += len(body)
        if self.holds > MOST_KEPT:
            self.kept.clear()
            self.holds = len(body)
        self.kept[place] = kind, body


def _pack(name: str, index: bytes, file: int) -> _Pack:
    """Return a pack whose index belongs to it."""
    size = os.fstat(file).st_size
    pack = _Pack(name, file, size, (), index)
    if index[:8] != b"\xfftOc\0\0\0\2":
        raise WorldError(f"the index of the pack {name} is not of version 2; run `git repack -ad`")
    if len(index) > MOST_INDEX:
        raise WorldError(f"the pack {name} holds too many objects; change a fresh clone")
    if len(index) < _INDEX_HEAD + _FAN + 40:
        raise _spoilt(pack, "an index that ends early")
    pack.fan = struct.unpack_from(">256I", index, _INDEX_HEAD)
    many = pack.fan[255]
    far, odd = divmod(len(index) - _INDEX_HEAD - _FAN - 28 * many - 40, 8)
    if list(pack.fan) != sorted(pack.fan) or far < 0 or odd:
        raise _spoilt(pack, "an index that ends early")
    head = _piece(file, 0, 12)
    if head[:4] != b"PACK" or head[4:8] not in {b"\0\0\0\2", b"\0\0\0\3"} or size < 32:
        raise _spoilt(pack, "another beginning than packs have")
    if head[8:] != struct.pack(">I", many):
        raise _spoilt(pack, "another number of objects than its index")
    # What the pack's own checksum stands for is asked of each object instead: its bytes have its id.
    own = sha1(index[:-20], usedforsecurity=False).digest()
    if own != index[-20:] or _piece(file, size - _NAME, _NAME) != index[-40:-20]:
        raise _spoilt(pack, "a wrong checksum")
    return pack


def _loose(packed: bytes, oid: str, most: int) -> tuple[str, bytes]:
    """Return kind and bytes of an object that lies alone."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(packed, most + 33)
    except zlib.error:
        raw = b""
    head, found, body = raw.partition(b"\0")
    said = re.fullmatch(rb"(commit|tree|blob|tag) (0|[1-9]\d{0,15})", head)
    if found and said and int(said[2]) > most:
        raise _large()
    if not found or not said or int(said[2]) != len(body):
        raise WorldError(f"the object {oid} is spoilt; ask `git fsck`, or change a fresh clone")
    return said[1].decode(), body


def _sizes(pack: _Pack, difference: bytes) -> tuple[int, int, int]:
    """Return from how many bytes to how many a difference leads, and where it begins."""
    at, sizes = 0, []
    for _ in range(2):
        size = shift = 0
        while True:
            if at >= len(difference) or shift > 56:
                raise _spoilt(pack, "a difference that ends early")
            byte = difference[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
        sizes.append(size)
    return sizes[0], sizes[1], at


def _changed(pack: _Pack, old: bytes, difference: bytes) -> bytes:
    """Return what a difference makes of bytes: pieces of them, and new ones."""
    before, after, at = _sizes(pack, difference)
    made, end = bytearray(), len(difference)
    while before == len(old) and at < end and len(made) <= after:
        what = difference[at]
        at += 1
        if not what & 0x80:
            if not what or at + what > end:
                break
            made += difference[at : at + what]
            at += what
            continue
        values = []
        for bit in range(7):
            there = what >> bit & 1
            if at + there > end:
                values.append(-1)
                break
            values.append(difference[at] if there else 0)
            at += there
        if len(values) < 7 or values[-1] < 0:
            break
        first = int.from_bytes(bytes(values[:4]), "little")
        long = int.from_bytes(bytes(values[4:]), "little") or 0x10000
        if first + long > len(old):
            break
        made += old[first : first + long]
    else:
        if before == len(old) and len(made) == after:
            return bytes(made)
    raise _spoilt(pack, "a difference that does not fit")


def _piece(file: int, at: int, many: int) -> bytes:
    """Return bytes of a file, fewer where it ends."""
    made = b""
    while len(made) < many and (more := os.pread(file, many - len(made), at + len(made))):
        made += more
    return made


def _spoilt(pack: _Pack, what: str) -> WorldError:
    return WorldError(f"the pack {pack.name} has {what}; ask `git fsck`, or change a fresh clone")


def _large() -> WorldError:
    return WorldError("an object is larger than fits into one step; take it in in parts, or leave it out")
