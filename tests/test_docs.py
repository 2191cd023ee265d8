"""The documents are true: their blocks run, their map is the tree, and everything registered has its line."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sybil import Document, Example
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from assay import registry, tables
from assay.cli import COMMANDS, program

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TREE = ROOT / "src" / "assay"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
SECONDS = 600


class Shell:
    """Runs the blocks of one document in one folder, with this environment's `assay` in front.

    ```bash runs, and an ```output block after it holds what it prints, with `...` for what may differ;
    ```text is for reading.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""
        own = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
        self.environment = own | {"PATH": programs, "COLUMNS": "110", "NO_COLOR": "1"}

    def run(self, example: Example) -> str | None:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example.parsed],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.said = ran.stdout
        return f"exit code {ran.returncode}: {ran.stdout}{ran.stderr}" if ran.returncode else None

    def compare(self, example: Example) -> str | None:
        wanted = "\n".join(line.rstrip() for line in example.parsed.splitlines())
        said = "\n".join(line.rstrip() for line in self.said.splitlines())
        checker = doctest.OutputChecker()
        if checker.check_output(wanted.strip() + "\n", said.strip() + "\n", doctest.ELLIPSIS):
            return None
        return f"the document promises\n{wanted}\nand the program said\n{said}"


def blocks(path: Path, shell: Shell) -> list[Example]:
    parsers = [
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        CodeBlockParser("bash", shell.run),
        CodeBlockParser("output", shell.compare),
        SkipParser(),
    ]
    document = Document.parse(str(path), *parsers)
    return list(document.examples())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_of_a_document_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    for example in blocks(path, Shell(tmp_path)):
        example.evaluate()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_between_documents_leads_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]

    lost = [
        target for target in targets if target and "://" not in target and not (path.parent / target).exists()
    ]

    assert lost == []


def tree() -> set[str]:
    """Return what the map has to name: the files and folders of the first two levels that hold code."""
    found = set()
    for path in [*TREE.glob("*"), *TREE.glob("*/*")]:
        if path.name.startswith(("__", ".")) or path.name == "py.typed":
            continue
        if path.suffix == ".py":
            found.add(path.relative_to(TREE).as_posix())
        elif path.is_dir() and any(path.rglob("*.py")):
            found.add(f"{path.relative_to(TREE).as_posix()}/")
    return found


def test_the_map_names_every_folder_and_file_and_no_other() -> None:
    text = (DOCS / "map.md").read_text(encoding="utf-8")
    chart = text.partition("```text\nsrc/assay/\n")[2].partition("```")[0]
    assert chart, "the map begins with the tree under src/assay/"

    named, parent = set(), ""
    for line in chart.splitlines():
        if not line.strip():
            continue
        for name in line.partition("  #")[0].split():
            inside = line.startswith("      ")
            named.add(f"{parent if inside else ''}{name}")
            if not inside:
                parent = name

    assert named - tree() == set(), "the map names what is not there"
    assert tree() - named == set(), "the map is silent about these"


@pytest.mark.parametrize("group", registry.BUILT_IN)
def test_everything_registered_has_its_line_in_the_reference(group: str) -> None:
    text = (DOCS / "reference" / "registry.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {group}\n")[2].partition("\n## ")[0]

    described = set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))

    assert described == set(registry.BUILT_IN[group])


def test_every_command_has_its_heading() -> None:
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")

    assert re.findall(r"^## assay (\S+)", text, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_has_its_row(name: str) -> None:
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## assay {name}\n")[2].partition("\n## ")[0]
    command = program.get_command(click.Context(program), name)
    assert command is not None
    whole, *parts = re.split(rf"^### assay {name} ", section, flags=re.MULTILINE)
    inner = command.commands if isinstance(command, click.Group) else {}

    described = {"": options_in(whole)} | {part.split()[0]: options_in(part) for part in parts}

    assert described == {"": options_of(command)} | {each: options_of(inner[each]) for each in inner}


def options_in(section: str) -> set[str]:
    return set(re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE))


def options_of(command: click.Command) -> set[str]:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {next(name for name in option.opts if name.startswith("--")) for option in options} - {"--help"}


def test_every_column_that_a_table_may_have_has_its_row() -> None:
    text = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
    section = text.partition("\n## Names of columns\n")[2].partition("\n## ")[0]

    described = {
        name: tuple(re.findall(r"`([^`]+)`", names))
        for name, names in re.findall(r"^\| `([^`]+)` \| (.+?) \|", section, re.MULTILINE)
    }

    assert described == dict(tables.ALIASES)


def test_every_setting_has_its_row() -> None:
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    used = {
        name
        for path in TREE.rglob("*.py")
        for name in re.findall(r"""["'](ASSAY_[A-Z_]+)["']""", path.read_text(encoding="utf-8"))
    }

    assert set(re.findall(r"^\| `(ASSAY_\w+)` \|", text, re.MULTILINE)) == used


def test_a_block_that_fails_fails_its_document(tmp_path: Path) -> None:
    path = tmp_path / "wrong.md"
    path.write_text("```bash\necho said\n```\n\n```output\npromised\n```\n", encoding="utf-8")

    said, promised = blocks(path, Shell(tmp_path))

    said.evaluate()
    with pytest.raises(AssertionError, match="promised"):
        promised.evaluate()


def test_the_documents_build_without_a_warning(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", DOCS, tmp_path / "html"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    remote = [
        (path.name, address)
        for path in (tmp_path / "html").rglob("*.html")
        for address in re.findall(
            r'<(?:script|link rel="stylesheet"|img)[^>]*(?:src|href)="(https?://[^"]+)"',
            path.read_text("utf-8"),
        )
    ]
    assert remote == []
