"""Files on disk: read whole, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import polars as pl

from assay import tables
from assay.errors import AssayError

TABLES: Mapping[str, Callable[[pl.DataFrame], Callable[[BinaryIO], object]]] = {
    ".parquet": lambda frame: frame.write_parquet,
    ".csv": lambda frame: frame.write_csv,
    ".jsonl": lambda frame: frame.write_ndjson,
}
"""The ending of a file → what writes a table into it."""


def table(path: Path) -> pl.DataFrame:
    """Read a Parquet, CSV, TSV or JSONL file."""
    return tables.read(contents(path), path.name)


def contents(path: Path) -> bytes:
    """Return the bytes of a file, or say in one sentence why not."""
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise AssayError(f"{path} does not exist; check the path") from missing
    except IsADirectoryError as folder:
        raise AssayError(f"{path} is a folder; name a file in it") from folder
    except OSError as wrong:
        raise AssayError(f"{path} cannot be read: {wrong.strerror or wrong}") from wrong


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Let `fill` write a file; it appears under its name only when it is complete.

    Raises
    ------
    AssayError
        Where the folder cannot be written. What stood at `path` before is then untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as wrong:
        raise AssayError(
            f"{path.parent} cannot be written: {wrong.strerror or wrong}; choose another folder"
        ) from wrong
    try:
        with os.fdopen(handle, "wb") as stream:
            fill(stream)
        # mkstemp makes files for their owner only; what is written here is meant to be handed on.
        umask = os.umask(0)
        os.umask(umask)
        Path(half).chmod(0o666 & ~umask)
        Path(half).replace(path)
    except OSError as wrong:
        Path(half).unlink(missing_ok=True)
        raise AssayError(f"{path} cannot be written: {wrong.strerror or wrong}") from wrong
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise


def ending(path: Path, *wanted: str) -> str:
    """Return the ending of a path, or say that it has to be one of those `wanted`."""
    if (found := path.suffix.lower()) not in wanted:
        raise AssayError(
            f"{path.name} does not end in {' or '.join(wanted)}; name the file after what it will be"
        )
    return found


def write_text(path: Path, text: str | Iterable[str]) -> None:
    """Write text, or lines as they come, as UTF-8."""
    parts = [text] if isinstance(text, str) else text
    write(path, lambda stream: stream.writelines(part.encode() for part in parts))


def write_table(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet, CSV or JSONL, by the ending of its name."""
    write(path, TABLES[ending(path, *TABLES)](frame))
