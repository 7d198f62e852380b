"""The web server has no login: it listens to this machine alone, whoever starts it and however."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from market_data_assets.cli import app


class Started(Exception):
    """What this process would have become."""

    def __init__(self, program: str, arguments: Sequence[str]) -> None:
        super().__init__(program)
        self.arguments = list(arguments)


@pytest.mark.parametrize("arguments", [[], ["--port", "3999"]])
def test_web_server_listens_on_loopback_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    def start(program: str, arguments: Sequence[str]) -> None:
        raise Started(program, arguments)

    # The command sets both for the process that it becomes.
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("PYTHONWARNINGS", "")
    monkeypatch.setattr(os, "execv", start)
    result = CliRunner().invoke(app, ["ui", "--dagster-home", str(tmp_path / "home"), *arguments])
    assert isinstance(result.exception, Started), result.output
    started = result.exception.arguments
    assert started[started.index("--host") + 1] == "127.0.0.1"
    assert started.count("--host") == 1


def test_host_of_the_web_server_cannot_be_given(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ui", "--host", "0.0.0.0", "--dagster-home", str(tmp_path / "home")])
    assert result.exit_code == 2
