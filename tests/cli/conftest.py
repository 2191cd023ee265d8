from __future__ import annotations

from dataclasses import dataclass

import pytest

from assay import cli


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `assay …` in this process, in an empty folder, and give what it printed."""
    monkeypatch.chdir(tmp_path)

    def go(*words: object) -> Ran:
        from assay.cli import screen

        monkeypatch.setattr("sys.argv", ["assay", *map(str, words)])
        with pytest.raises(SystemExit) as leave:
            cli.main()
        screen.console.file.flush()
        found = capsys.readouterr()
        return Ran(leave.value.code, found.out, found.err)

    monkeypatch.setenv("COLUMNS", "160")
    return go
