"""Files beside items: what is taken, what is refused, who gets them and how."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assay import tables
from assay.errors import AssayError
from assay.platform import files, markdown, service
from assay.platform.actions import attachments, people, projects, work
from assay.platform.files import Brought
from assay.platform.models import AttachmentRow, ItemRow
from assay.platform.queries import work as works
from assay.records import Brief, Item


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\xc0\x40"))
    + _chunk(b"IEND", b"")
)
WAV = b"RIFF" + struct.pack("<I", 2036) + b"WAVEfmt " + bytes(2024)
HEADS = {
    "a.png": PNG, "a.jpg": b"\xff\xd8\xff\xe0JFIF", "a.gif": b"GIF89a..", "a.webp": b"RIFF....WEBPVP8 ",
    "a.mp3": b"ID3\x04...", "b.mp3": b"\xff\xfb\x90\x00", "a.wav": WAV, "a.ogg": b"OggS....",
    "a.ogv": b"OggS....",
    "a.mp4": b"\0\0\0\x18ftypisom", "a.m4a": b"\0\0\0\x18ftypM4A ",
    "a.webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86webm",
    "a.pdf": b"%PDF-1.7\n", "a.txt": "قمر\n".encode(), "a.csv": b"a,b\n1,2\n",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ATTACHMENTS = tmp_path / "kept"
    return tmp_path / "kept"


def brought(name: str, data: bytes) -> Brought:
    return Brought(name, lambda: io.BytesIO(data))


def keep(project, **named: bytes) -> list[str]:
    return attachments.keep_files(
        project=project, files=[brought(name.replace("_", "."), data) for name, data in named.items()]
    )


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    held.seek(0)
    return held


@pytest.fixture
def sky(cast):
    """Ann's second project, in which one item shows files; Ben contributes to it too."""
    cast.sky = projects.open_project(
        owner=cast.ann, brief=Brief("sky", "See.", "demonstration"), waived="a test"
    )
    people.add_member(project=cast.sky, name="Ben", role="contributor")
    keep(cast.sky, moon_png=PNG, wolf_wav=WAV, notes_txt=b"no <b>")
    prompt = (
        "Look: ![the moon](attachment:moon.png) and ![spy](https://evil.example/spy.png) "
        "<script>alert(1)</script>"
    )
    item = Item("m", prompt, attachments=("moon.png", "wolf.wav", "notes.txt"))
    projects.bring_in(project=cast.sky, items=[item])
    return cast


@pytest.mark.parametrize("name", HEADS)
def test_what_a_file_is_follows_from_its_first_bytes(name):
    assert files.media_type(name, HEADS[name]) == files.KINDS[name.rpartition(".")[2]]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("moon.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("moon.html", b"<html>"), ("moon", PNG), ("moon.exe", b"MZ"), ("moon.js", b"alert(1)"),
        ("moon.png", b"<svg onload=alert(1)>"), ("moon.png", b"GIF89a.."), ("moon.jpg", PNG),
        ("notes.txt", b"  <html><script>alert(1)</script>"), ("notes.txt", b"<?xml version='1.0'?><svg/>"),
        ("notes.txt", b"\xff\xfe\0\0"), ("notes.txt", b"a\0b"), ("moon.mp4", b"\0\0\0\x18ftypavif"),
        ("moon.webm", b"\x1a\x45\xdf\xa3matroska"), ("moon.pdf", b"%!PS"), ("moon.zip", b"PK\3\4"),
        ("moon.png", b""),
    ],
)  # fmt: skip
def test_what_a_browser_could_run_and_what_lies_about_itself_is_refused(cast, folder, name, data):
    with pytest.raises(AssayError):
        attachments.keep_files(project=cast.moon, files=[brought(name, data)])

    assert not AttachmentRow.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name",
    ["../moon.png", "/etc/moon.png", "a/b.png", "a\\b.png", "..", ".hidden.png", "moon\0.png", "moon\n.png",
     "moon\u202e.png", "C:moon.png", "", "   ", "x" * 250 + ".png", '"moon".png', "<moon>.png"],
)  # fmt: skip
def test_a_name_that_could_be_a_path_is_refused(cast, folder, name):
    with pytest.raises(AssayError, match="no name for a file"):
        attachments.keep_files(project=cast.moon, files=[brought(name, PNG)])

    assert not list(folder.parent.rglob("*.png"))


def test_where_bytes_lie_follows_from_their_digest_alone(cast, folder):
    keep(cast.moon, moon_png=PNG, again_png=PNG)

    (kept,) = (path for path in folder.rglob("*") if path.is_file())
    rows = AttachmentRow.objects.all()
    assert kept.name == rows[0].digest == rows[1].digest
    assert kept.parent.name == kept.name[:2]
    assert kept.read_bytes() == PNG
    assert stat.S_IMODE(kept.stat().st_mode) & 0o077 == 0


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(cast, folder, monkeypatch):
    monkeypatch.setattr(files, "FILE_LIMIT", 100)
    monkeypatch.setattr(files, "CHUNK", 64)

    with pytest.raises(AssayError, match="too large"):
        keep(cast.moon, moon_png=PNG + bytes(200))

    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/moon.png", "/moon.png", "a/../../moon.png", "a\\..\\moon.png", "./moon.png"]
)
def test_an_archive_whose_names_lead_out_of_it_is_refused(name):
    with pytest.raises(AssayError, match="no name for a file"):
        files.unpacked(packed((name, PNG)), "a.zip")


def test_an_archive_that_grows_too_much_is_refused_before_it_is_unpacked():
    with pytest.raises(AssayError, match="grows too much"):
        files.unpacked(packed(("moon.txt", b"0" * 50_000_000)), "a.zip")


def test_an_archive_with_a_link_too_many_files_or_a_password_is_refused(monkeypatch):
    link = zipfile.ZipInfo("moon.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(AssayError, match="points to another file"):
        files.unpacked(held, "a.zip")

    locked = bytearray(packed(("moon.txt", b"moon")).getvalue())
    place = locked.index(b"PK\1\2")
    locked[place + 8] |= 1
    with pytest.raises(AssayError, match="password"):
        files.unpacked(io.BytesIO(locked), "a.zip")

    monkeypatch.setattr(files, "MOST_FILES", 3)
    with pytest.raises(AssayError, match="more than 3 files"):
        files.unpacked(packed(*[(f"{n}.txt", b"x") for n in range(4)]), "a.zip")


def test_an_archive_that_lies_about_its_sizes_gives_no_more_than_it_says(cast):
    lying = bytearray(packed(("moon.txt", b"0" * 500_000)).getvalue())
    place = lying.index(b"PK\1\2")
    lying[place + 24 : place + 28] = struct.pack("<I", 10)

    found = files.unpacked(io.BytesIO(lying), "a.zip")

    with pytest.raises((AssayError, zipfile.BadZipFile)):
        attachments.keep_files(project=cast.moon, files=found)


def test_what_is_no_archive_is_refused_in_a_sentence():
    with pytest.raises(AssayError, match="not a ZIP archive"):
        files.unpacked(io.BytesIO(b"PK\3\4 rubbish"), "a.zip")


def test_an_archive_from_a_desktop_comes_in_without_what_rides_along(cast):
    held = packed(("images/moon.png", PNG), ("__MACOSX/._moon.png", b"x"), ("images/.DS_Store", b"x"))

    attachments.keep_files(project=cast.moon, files=files.unpacked(held, "a.zip"))

    assert list(AttachmentRow.objects.values_list("name", flat=True)) == ["moon.png"]


def test_a_folder_comes_in_and_a_link_in_it_does_not(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "moon.png").write_bytes(PNG)
    assert [each.name for each in files.from_folder(tmp_path)] == ["moon.png"]
    (tmp_path / "in" / "passwd.txt").symlink_to("/etc/passwd")

    with pytest.raises(AssayError, match="points to another file"):
        files.from_folder(tmp_path)


def test_one_name_is_one_file(cast):
    assert keep(cast.moon, moon_png=PNG) == ["moon.png"]
    assert keep(cast.moon, moon_png=PNG) == []

    with pytest.raises(AssayError, match="another file called"):
        keep(cast.moon, moon_png=PNG + b"more")


def test_a_table_names_its_files_and_what_is_missing_is_said(cast, client_of):
    table = b"prompt,attachments\nLook,moon.png|wolf.wav\n"
    (item,) = tables.works(tables.read(table, "t.csv")).items
    assert item.attachments == ("moon.png", "wolf.wav")
    project = projects.open_project(owner=cast.ann, brief=Brief("sky", "See.", "demonstration"))
    client = client_of("Ann")

    def send(*along):
        form = {"table": SimpleUploadedFile("t.csv", table), "attachments": list(along)}
        return client.post("/projects/sky/import/", form, follow=True).content.decode()

    page = send(SimpleUploadedFile("moon.png", PNG))
    assert "“wolf.wav”, which is not there" in page
    assert not AttachmentRow.objects.exists()
    assert not ItemRow.objects.filter(project=project).exists()
    archive = SimpleUploadedFile("sounds.zip", packed(("wolf.wav", WAV)).getvalue())
    assert "1 new works" in send(SimpleUploadedFile("moon.png", PNG), archive)
    assert AttachmentRow.objects.count() == 2


def test_an_upload_keeps_nothing_of_a_path(cast, client_of):
    upload = SimpleUploadedFile("moon.png", PNG)
    upload.name = "moon.png"
    body = (
        b'--x\r\nContent-Disposition: form-data; name="table"; filename="t.csv"\r\n\r\nprompt\nLook\n\r\n'
        b'--x\r\nContent-Disposition: form-data; name="attachments"; filename="../../../tmp/moon.png"\r\n\r\n'
        + PNG + b"\r\n--x--\r\n"
    )  # fmt: skip
    projects.open_project(owner=cast.ann, brief=Brief("sky", "See.", "demonstration"))

    client_of("Ann").post("/projects/sky/import/", body, content_type="multipart/form-data; boundary=x")

    assert list(AttachmentRow.objects.values_list("name", flat=True)) == ["moon.png"]


def test_an_item_shows_its_files_and_no_others(sky, client_of):
    page = client_of("Ben").get("/projects/sky/judge/").content.decode()

    assert '<img src="/projects/sky/attachments/moon.png" alt="the moon" loading="lazy">' in page
    (player,) = re.findall("<audio[^>]*>", page)
    assert 'src="/projects/sky/attachments/wolf.wav"' in player
    assert "controls" in player
    assert 'href="/projects/sky/attachments/notes.txt"' in page
    assert page.count("attachments/moon.png") == 1
    assert "<img" not in page.split("attachments/moon.png")[1]
    assert "<script>alert" not in page
    number = ItemRow.objects.get(project=sky.sky).works.get().pk
    assert "attachments/moon.png" in client_of("Ann").get(f"/projects/sky/works/{number}/").content.decode()


def test_a_picture_from_elsewhere_is_a_link_and_a_file_of_elsewhere_is_a_name():
    text = "![spy](https://evil.example/spy.png) ![x](attachment:other.png) ![y](javascript:alert(1))"

    shown = markdown.html(text, {"moon.png": "/projects/sky/attachments/moon.png"})

    assert "<img" not in shown
    assert re.findall('href="([^"]*)"', shown) == ["https://evil.example/spy.png"]
    assert "/attachments/other.png" not in shown


def test_a_file_is_served_to_members_alone(sky, client_of):
    path = "/projects/sky/attachments/moon.png"

    got = {name: client_of(name).get(path).status_code for name in ("Ann", "Ben", "Vera", "Cleo")}

    assert got == {"Ann": 200, "Ben": 200, "Vera": 404, "Cleo": 404}
    assert client_of("Ann").get("/projects/moon/attachments/moon.png").status_code == 404
    assert client_of("Ann").get("/projects/sky/attachments/..%2f..%2fsecret.key").status_code == 404
    assert client_of("Ann").get("/projects/sky/attachments/other.png").status_code == 404


def test_a_file_is_served_so_that_it_can_do_nothing(sky, client_of):
    image = client_of("Ben").get("/projects/sky/attachments/moon.png")
    notes = client_of("Ben").get("/projects/sky/attachments/notes.txt")

    assert b"".join(image.streaming_content) == PNG
    for answer in (image, notes):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "private" in answer["Cache-Control"]
    assert image["Content-Type"] == "image/png"
    assert image["Content-Disposition"] == 'inline; filename="moon.png"'
    assert notes["Content-Type"] == "text/plain; charset=utf-8"
    assert notes["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-3", 206, (WAV[:4], f"bytes 0-3/{len(WAV)}")),
        ("bytes=4-", 206, (WAV[4:], f"bytes 4-{len(WAV) - 1}/{len(WAV)}")),
        ("bytes=-10", 206, (WAV[-10:], f"bytes {len(WAV) - 10}-{len(WAV) - 1}/{len(WAV)}")),
        ("bytes=0-999999", 206, (WAV, f"bytes 0-{len(WAV) - 1}/{len(WAV)}")),
        (f"bytes={len(WAV)}-", 416, (b"", f"bytes */{len(WAV)}")),
        ("bytes=-0", 416, (b"", f"bytes */{len(WAV)}")),
        ("lines=1-2", 206, (WAV, f"bytes 0-{len(WAV) - 1}/{len(WAV)}")),
    ],
)
def test_a_player_gets_the_part_it_asks_for(sky, client_of, asked, status, expected):
    part, told = expected
    answer = client_of("Ben").get("/projects/sky/attachments/wolf.wav", headers={"range": asked})

    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert (answer.status_code, body, answer["Content-Range"]) == (status, part, told)
    if status == 206:
        assert int(answer["Content-Length"]) == len(part)


def test_a_file_that_a_browser_has_is_not_sent_again(sky, client_of):
    first = client_of("Ben").get("/projects/sky/attachments/moon.png")

    headers = {"if-none-match": first["ETag"]}
    again = client_of("Ben").get("/projects/sky/attachments/moon.png", headers=headers)

    assert (again.status_code, again.content) == (304, b"")


def test_an_item_without_files_asks_no_table(cast, django_assert_num_queries):
    from assay.platform.queries import attachments as queries

    given = works.assignment(work.claim_work(person=cast.ben, project=cast.moon))

    with django_assert_num_queries(0):
        assert queries.of_work(cast.moon, given.work) == queries.Files()


def test_a_shell_brings_files_along_with_a_new_project(db, tmp_path, folder):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "moon.png").write_bytes(PNG)
    found = tables.works(tables.read(b"prompt,attachments\nLook,moon.png\n", "t.csv"))
    brief = Brief("sky", "See.", "demonstration")

    with pytest.raises(AssayError, match="not there"):
        service.bring_in("sky", found, brief=brief)
    service.bring_in("sky", found, brief=brief, attachments=tmp_path / "in")

    assert AttachmentRow.objects.get().name == "moon.png"
    assert ItemRow.objects.get().attachments == ["moon.png"]
