"""What `git gc` and `git repack` leave is read as git reads it, and packs that lie are refused."""

from __future__ import annotations

import os
import random
import struct
import zlib
from collections.abc import Callable, Iterable
from hashlib import sha1
from pathlib import Path

import pytest

from assay.environments import clones
from assay.environments.errors import WorldError
from assay.environments.git import Repository
from assay.environments.universe import OpenEpisode
from assay.environments.unpacking import Outside

Git = Callable[..., str]

LINES = [f"line {number} of a file that is long enough for git to say what differs\n" for number in range(60)]


def worked(git: Git, clone: Path, commits: int = 6, seed: int = 1) -> None:
    """Let somebody work on a branch, so that versions of a file differ by little."""
    draw, lines = random.Random(seed), list(LINES)  # noqa: S311
    git(clone, "switch", "-q", "-c", "mine")
    for number in range(commits):
        lines[draw.randrange(len(lines))] = f"changed in {number} – ä\n"
        (clone / "notes.md").write_text("".join(lines))
        git(clone, "add", ".")
        git(clone, "commit", "-q", "-m", f"Work {number}")


def packs(clone: Path, ending: str) -> list[Path]:
    return sorted((clone / ".git" / "objects" / "pack").glob(f"*.{ending}"))


def refused(episode: OpenEpisode, clone: Path, branch: str = "mine") -> str:
    """Return why a branch was not taken in, and that nothing of it was."""
    with pytest.raises(WorldError) as wrong:
        clones.take_in(episode.world, "exports", clone, branch)
    assert episode.world.changes() == []
    assert episode.world.steps == 0
    said = str(wrong.value)
    assert len(said) < 250
    assert "\n" not in said
    return said


@pytest.mark.parametrize("offsets", ["true", "false"])
def test_a_branch_out_of_a_pack_is_taken_in_as_it_is_out_of_loose_objects(
    git: Git, episode: OpenEpisode, cloned: Path, offsets: str
):
    worked(git, cloned)
    git(cloned, "-c", f"repack.useDeltaBaseOffset={offsets}", "repack", "-q", "-a", "-d", "-f", "--depth=50")
    git(cloned, "pack-refs", "--all")
    git(cloned, "prune-packed")

    assert "chain length = 2" in git(cloned, "verify-pack", "-v", str(packs(cloned, "idx")[0]))
    reply = clones.take_in(episode.world, "exports", cloned, "mine")

    assert reply.answer == {"branch": "mine", "commits": 6, "head": git(cloned, "rev-parse", "mine").strip()}
    read = episode.call("code_read", {"repo": "exports", "path": "notes.md", "branch": "mine"}).answer
    assert read["text"] == (cloned / "notes.md").read_text()


def test_what_comes_back_out_of_packs_is_a_clone_again_that_git_finds_nothing_wrong_with(
    git: Git, episode: OpenEpisode, cloned: Path, tmp_path: Path
):
    worked(git, cloned, 3)
    git(cloned, "gc", "-q")
    clones.take_in(episode.world, "exports", cloned, "mine")
    git(cloned, "commit", "-q", "--allow-empty", "-m", "Loose, upon a pack")
    second = clones.take_in(episode.world, "exports", cloned, "mine")
    clones.clone(Repository("exports", episode.world.hidden), tmp_path / "again")

    git(tmp_path / "again", "fsck", "--strict", "--full")
    assert second.answer["commits"] == 1
    assert git(tmp_path / "again", "log", "--format=%H %s", "mine") == git(
        cloned, "log", "--format=%H %s", "mine"
    )


@pytest.mark.parametrize("seed", range(6))
def test_every_object_of_a_pack_is_read_as_git_reads_it(git: Git, tmp_path: Path, seed: int):
    draw = random.Random(seed)  # noqa: S311
    git(tmp_path, "init", "-q", "-b", "main")
    texts = {f"{name}/x.txt" if draw.random() < 0.5 else name: b"" for name in "abcd"}
    for number in range(12):
        for path in draw.sample(sorted(texts), 2):
            at = draw.randrange(len(texts[path]) + 1)
            texts[path] = (
                texts[path][:at] + draw.randbytes(draw.choice((3, 400, 9_000))) + texts[path][at + 20 :]
            )
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(texts[path])
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", f"Version {number}")
        if number in {5, 8}:
            git(tmp_path, "repack", "-q", "-d")
    git(tmp_path, "-c", f"repack.useDeltaBaseOffset={seed % 2}", "repack", "-q", "-d", *["-a"] * (seed > 2))

    with Outside(tmp_path) as outside:
        for line in git(tmp_path, "cat-file", "--batch-all-objects", "--batch-check").splitlines():
            oid, kind, size = line.split()
            found = outside.object(oid, 1 << 20)
            whole = b"%s %d\0" % (found[0].encode(), len(found[1])) + found[1]
            assert (found[0], len(found[1])) == (kind, int(size))
            assert sha1(whole, usedforsecurity=False).hexdigest() == oid


@pytest.mark.parametrize("ending", ["pack", "idx"])
def test_packs_that_are_spoilt_anywhere_are_noticed_or_give_what_was_there(
    git: Git, cloned: Path, ending: str
):
    worked(git, cloned)
    git(cloned, "repack", "-q", "-a", "-d", "-f")
    oids = git(cloned, "rev-list", "--objects", "main..mine").split("\n")
    oids = [line[:40] for line in oids if line]
    with Outside(cloned) as outside:
        right = {oid: outside.object(oid, 1 << 16) for oid in oids}
    path = packs(cloned, ending)[0]
    path.chmod(0o600)
    whole, draw, noticed = path.read_bytes(), random.Random(5), 0  # noqa: S311
    for number in range(150):
        raw = bytearray(whole)
        if number % 3:
            for _ in range(draw.randrange(1, 4)):
                raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        else:
            del raw[draw.randrange(len(raw)) :]
        path.write_bytes(raw)
        with Outside(cloned) as outside:
            for oid in oids:
                try:
                    assert outside.object(oid, 1 << 16) == right[oid]
                except WorldError:
                    noticed += 1

    assert noticed > 150


# -- packs that somebody made by hand --------------------------------------------------------------------


def size_of(kind: int, size: int) -> bytes:
    made, size = [kind << 4 | (size & 15)], size >> 4
    while size:
        made[-1] |= 0x80
        made.append(size & 0x7F)
        size >>= 7
    return bytes(made)


def number(value: int) -> bytes:
    made = bytearray()
    while True:
        made.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(made)


def packed(
    clone: Path, objects: Iterable[tuple[str, bytes]], *, many: int | None = None, far: bool = False
) -> Path:
    """Write a pack of ids and the bytes that lie under them, and its index; return the index."""
    held = list(objects)
    body, places = b"PACK" + struct.pack(">II", 2, len(held) if many is None else many), dict[str, int]()
    for oid, raw in held:
        places[oid] = len(body)
        body += raw
    body += sha1(body, usedforsecurity=False).digest()
    oids = sorted(places)
    index = b"\xfftOc\0\0\0\2" + b"".join(
        struct.pack(">I", sum(int(oid[:2], 16) <= first for oid in oids)) for first in range(256)
    )
    index += b"".join(bytes.fromhex(oid) for oid in oids) + b"\0\0\0\0" * len(oids)
    index += b"".join(struct.pack(">I", 1 << 31 | at if far else places[oid]) for at, oid in enumerate(oids))
    index += b"".join(struct.pack(">Q", places[oid]) for oid in oids) if far else b""
    index += body[-20:]
    index += sha1(index, usedforsecurity=False).digest()
    folder = clone / ".git" / "objects" / "pack"
    (folder / "pack-00.pack").write_bytes(body)
    (folder / "pack-00.idx").write_bytes(index)
    return folder / "pack-00.idx"


HEAD, OTHER = "a" * 40, "b" * 40
MESSAGE = b"author A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nX\n"


def whole(kind: int, raw: bytes, size: int | None = None) -> bytes:
    return size_of(kind, len(raw) if size is None else size) + zlib.compress(raw)


def from_named(oid: str, difference: bytes) -> bytes:
    return size_of(7, len(difference)) + bytes.fromhex(oid) + zlib.compress(difference)


def from_nearby(back: bytes, difference: bytes) -> bytes:
    return size_of(6, len(difference)) + back + zlib.compress(difference)


COPY = b"\xff\0\0\0\0\0\0\1"
LONG = number(1 << 16) + number(1 << 21) + COPY * 32
BASE = whole(3, b"a" * (1 << 16))


@pytest.mark.parametrize(
    ("objects", "says"),
    [
        ([(OTHER, whole(3, b"x"))], "is missing"),
        ([(HEAD, whole(1, MESSAGE))], "is spoilt"),
        ([(HEAD, from_named(HEAD, b"\0\0"))], "without an end"),
        ([(HEAD, from_named(OTHER, b"\0\0")), (OTHER, from_named(HEAD, b"\0\0"))], "without an end"),
        ([(HEAD, from_named("c" * 40, b"\0\0"))], "an object that it has not"),
        ([(HEAD, from_nearby(b"\0", b"\0\0"))], "without an end"),
        ([(HEAD, from_nearby(b"\x7f", b"\0\0"))], "an object outside of it"),
        ([(HEAD, from_nearby(b"\xff" * 12, b"\0\0"))], "an object of no kind"),
        ([(HEAD, whole(5, b"x"))], "an object of no kind"),
        ([(HEAD, b"\xff" * 40)], "a size that is none"),
        ([(HEAD, whole(3, b"x" * 9, size=5))], "another size than it says"),
        ([(HEAD, whole(3, b"x" * 9, size=90))], "another size than it says"),
        ([(HEAD, whole(3, b"", size=1 << 40))], "larger than fits"),
        ([(HEAD, size_of(3, 9) + b"no stream")], "does not unpack"),
        ([(HEAD, whole(3, b"\0" * (1 << 26)))], "larger than fits"),
        ([(HEAD, whole(3, b"\0" * (1 << 26), size=100))], "another size than it says"),
        ([(HEAD, from_named(OTHER, number(1 << 16) + number(1 << 30) + COPY)), (OTHER, BASE)], "larger than"),
        ([(HEAD, from_named(OTHER, LONG)), (OTHER, BASE)], "larger than fits"),
        ([(HEAD, from_named(OTHER, b"\2\2\x90\2")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\1\2\x90\2")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\1\1\0")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\1\1\5x")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\1\1\xff")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\1\2\1x")), (OTHER, whole(3, b"x"))], "does not fit"),
        ([(HEAD, from_named(OTHER, b"\x80")), (OTHER, whole(3, b"x"))], "ends early"),
    ],
)
def test_packs_that_lie_are_refused_in_a_sentence_and_nothing_is_taken_in(
    episode: OpenEpisode, cloned: Path, objects: list[tuple[str, bytes]], says: str
):
    (cloned / ".git" / "refs" / "heads" / "mine").write_text(f"{HEAD}\n")
    packed(cloned, objects)

    assert says in refused(episode, cloned)


def test_differences_upon_differences_come_to_an_end_however_many_they_are(
    episode: OpenEpisode, cloned: Path
):
    (cloned / ".git" / "refs" / "heads" / "mine").write_text(f"{5_000:040x}\n")
    same = b"\1\1\x90\1"
    packed(
        cloned,
        [
            (f"{0:040x}", whole(3, b"x")),
            *((f"{at:040x}", from_named(f"{at - 1:040x}", same)) for at in range(1, 5_001)),
        ],
    )

    assert "without an end" in refused(episode, cloned)


def test_differences_that_each_become_large_are_left_before_they_fill_the_memory(
    episode: OpenEpisode, cloned: Path
):
    (cloned / ".git" / "refs" / "heads" / "mine").write_text(f"{40:040x}\n")
    large = 1 << 21
    same = number(large) + number(large) + b"\x90\0" * (large >> 16)
    packed(
        cloned,
        [
            (f"{0:040x}", whole(3, b"x" * large)),
            *((f"{at:040x}", from_named(f"{at - 1:040x}", same)) for at in range(1, 41)),
        ],
    )

    assert "larger than fits" in refused(episode, cloned)


def test_a_pack_may_be_of_more_than_two_gigabytes(cloned: Path):
    raw = b"blob 1\0x"
    oid = sha1(raw, usedforsecurity=False).hexdigest()
    packed(cloned, [(oid, whole(3, b"x")), ("f" * 40, whole(3, b"y"))], far=True)

    with Outside(cloned) as outside:
        assert outside.object(oid, 10) == ("blob", b"x")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda index, pack: (index[:-1] + bytes([index[-1] ^ 1]), pack), "a wrong checksum"),
        (lambda index, pack: (index, pack[:-1] + bytes([pack[-1] ^ 1])), "a wrong checksum"),
        (lambda index, pack: (index, pack[:-4]), "a wrong checksum"),
        (lambda index, pack: (index[:1000], pack), "ends early"),
        (lambda index, pack: (index[:-48], pack), "ends early"),
        (lambda index, pack: (b"\0\0\0\0" + index[4:], pack), "version 2"),
        (lambda index, pack: (b"", pack), "version 2"),
        (lambda index, pack: (index, b""), "another beginning"),
        (lambda index, pack: (index, b"PACK\0\0\0\7" + pack[8:]), "another beginning"),
        (lambda index, pack: (index, pack[:11] + b"\7" + pack[12:]), "another number of objects"),
    ],
)
def test_packs_whose_parts_do_not_belong_together_are_refused(
    episode: OpenEpisode,
    cloned: Path,
    spoil: Callable[[bytes, bytes], tuple[bytes, bytes]],
    says: str,
):
    (cloned / ".git" / "refs" / "heads" / "mine").write_text(f"{HEAD}\n")
    index = packed(cloned, [(HEAD, whole(3, b"x"))])
    pack = index.with_suffix(".pack")
    changed = spoil(index.read_bytes(), pack.read_bytes())
    index.write_bytes(changed[0])
    pack.write_bytes(changed[1])

    assert says in refused(episode, cloned)


def test_links_are_not_followed_to_packs_nor_folders_elsewhere(
    git: Git, episode: OpenEpisode, cloned: Path, tmp_path: Path
):
    worked(git, cloned, 1)
    git(cloned, "repack", "-q", "-a", "-d")
    git(cloned, "prune-packed")
    kept = cloned / ".git"
    for linked in (
        packs(cloned, "pack")[0],
        packs(cloned, "idx")[0],
        kept / "objects" / "pack",
        kept / "objects",
        kept,
    ):
        linked.rename(tmp_path / "elsewhere")
        linked.symlink_to(tmp_path / "elsewhere")
        assert refused(episode, cloned)
        linked.unlink()
        (tmp_path / "elsewhere").rename(linked)

    assert clones.take_in(episode.world, "exports", cloned, "mine").fine


def test_what_is_no_plain_file_is_not_waited_for(git: Git, episode: OpenEpisode, cloned: Path):
    worked(git, cloned, 1)
    git(cloned, "repack", "-q", "-a", "-d")
    pack = packs(cloned, "pack")[0]
    pack.unlink()
    os.mkfifo(pack)

    assert "is not whole" in refused(episode, cloned)
    (cloned / ".git" / "refs" / "heads" / "mine").unlink()
    os.mkfifo(cloned / ".git" / "refs" / "heads" / "mine")
    assert "is no clone with a branch 'mine'" in refused(episode, cloned)


def test_a_clone_without_its_past_says_so(git: Git, episode: OpenEpisode, cloned: Path, tmp_path: Path):
    worked(git, cloned, 3)
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=mine", cloned.as_uri(), "shallow")

    assert "is missing; change a whole clone" in refused(episode, tmp_path / "shallow")
