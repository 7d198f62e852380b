"""What the documents name exists: commands and their options, make targets, settings, files, sections, the package's calls."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from market_data_assets import MarketData
from market_data_assets.cli import app
from market_data_assets.settings import KEYS, variable_name
from market_data_assets_tests.docs.markdown import ROOT, blocks_of, documents

_NOT_SETTINGS = {"MDA_CONFIG", "MDA_SAMPLES", "MDA_REQUIRE_SAMPLES", "MDA_REQUIRE_EMULATORS"}
_LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands_of(document: str) -> Iterator[str]:
    """Every command line that the document shows, in blocks and in the text."""
    for block in blocks_of(document):
        if block.language == "sh":
            yield from block.code.replace("\\\n", " ").splitlines()
    yield from _SPAN.findall(_FENCED.sub("", text_of(document)))


def words_of(line: str) -> list[str]:
    """A command line's words, without what it assigns before and does after; none for what is no line of a shell."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    ends = [number for number, word in enumerate(words) if word in {"|", "&&", ";", ">", "&"}]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("document", documents())
def test_commands_and_their_options_exist(document: str) -> None:
    wrong = []
    for line in commands_of(document):
        words = words_of(line)
        if words and words[0].rpartition("/")[2] == "market-data":
            wrong += unknown_words(typer.main.get_command(app), words[1:])
    assert wrong == []


def unknown_words(command: Any, words: list[str]) -> list[str]:
    """The commands and options among ``words`` that do not exist. ``command`` is Typer's: it brings a click of its own."""
    below = getattr(command, "commands", {})
    if below and words and words[0] in below:
        return unknown_words(below[words[0]], words[1:])
    if below and words and words[0][:1].isalpha():
        return [words[0]]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return [f"{command.name} {word}" for word in words if word.startswith("--") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("document", documents())
def test_make_targets_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = [words[1] for line in commands_of(document) if len(words := words_of(line)) > 1 and words[0] == "make"]
    assert set(named) - targets == set()


@pytest.mark.parametrize("document", documents())
def test_settings_exist(document: str) -> None:
    known = {variable_name(key) for key in KEYS} | _NOT_SETTINGS
    assert set(re.findall(r"\bMDA_[A-Z_]+[A-Z]\b", text_of(document))) - known == set()


@pytest.mark.parametrize("document", documents())
def test_links_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    for path, section in _LINK.findall(_FENCED.sub("", text_of(document))):
        target = folder / path if path else ROOT / document
        assert target.exists(), f"{document}: {path}"
        if section:
            assert section in sections_of(target.read_text(encoding="utf-8")), f"{document}: {path}#{section}"


def sections_of(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents())
def test_calls_of_the_package_exist(document: str) -> None:
    named = re.findall(r"\bmd\.([a-z_]+)", text_of(document))
    assert [name for name in named if not hasattr(MarketData, name)] == []


@pytest.mark.parametrize("document", documents())
def test_files_and_folders_of_the_project_exist(document: str) -> None:
    spans = _SPAN.findall(_FENCED.sub("", text_of(document)))
    folders = ("cli/", "client/", "compute/", "defs/", "domain/", "preflight/", "report/", "sources/", "storage/", "upkeep/")
    named = [span for span in spans if re.fullmatch(r"[\w./]+", span) and span.startswith(folders)]
    assert [name for name in named if not (ROOT / "market_data_assets" / name).exists()] == []
