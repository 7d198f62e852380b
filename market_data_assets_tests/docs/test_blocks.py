"""Every block of every document is run as a reader would run it, or says why not."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from market_data_assets_tests.docs.conftest import INSTRUMENTS
from market_data_assets_tests.docs.markdown import ROOT, RUN, SHOWN, Block, blocks_of, documents

ALL = [block for document in documents() for block in blocks_of(document)]
REAL_DATA = "docs/first_day_on_real_data.md"


def to_do(document: str) -> list[Block]:
    """The blocks of a document that are run, and those that say what another printed."""
    return [block for block in blocks_of(document) if not block.is_excused and (block.language in RUN or block.word)]


@pytest.mark.parametrize("document", [document for document in documents() if to_do(document)])
def test_blocks_of_a_document_do_what_they_say(
    document: str, checkout: Path, environment: Callable[..., dict[str, str]], request: pytest.FixtureRequest
) -> None:
    blocks = to_do(document)
    variables = environment(MDA_INSTRUMENTS=INSTRUMENTS)
    if document == REAL_DATA:
        variables = environment(MDA_SAMPLES=str(request.getfixturevalue("samples")))
    if any(block.language == "diff" for block in blocks):
        # With its __pycache__, since compiling the numerical code anew takes a minute.
        shutil.copytree(ROOT / "market_data_assets", checkout / "market_data_assets")
    done = subprocess.run(
        [sys.executable, "-m", "market_data_assets_tests.docs.session"],
        input=json.dumps([block.as_json() for block in blocks]),
        capture_output=True,
        text=True,
        cwd=checkout,
        env=variables,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_is_run_or_says_why_not() -> None:
    assert [f"{block}: {block.language or 'no language'}" for block in ALL if block.language not in {*RUN, *SHOWN}] == []
    assert [str(block) for block in ALL if block.is_excused and len(block.text.split()) < 3] == []


def test_python_that_is_not_run_is_python_at_least() -> None:
    for block in ALL:
        if block.language == "python":
            ast.parse(block.code, str(block))


def test_text_that_is_what_a_block_printed_follows_that_block() -> None:
    for document in documents():
        blocks = blocks_of(document)
        for before, block in zip([None, *blocks], blocks, strict=False):
            if block.word == "prints":
                assert before is not None, str(block)
                assert not before.is_excused, str(block)
                assert before.language in {"python", "sh"}, str(block)
