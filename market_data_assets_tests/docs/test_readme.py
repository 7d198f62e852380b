"""The table of settings is the settings."""

import re
from pathlib import Path

import pytest

from market_data_assets.settings import KEYS, Settings, variable_name
from market_data_assets_tests.docs.markdown import ROOT

_ROW = re.compile(r"^\| `(MDA_[A-Z_]+)` \| (?:`([^`]*)`)? ?\| (.*?) \|", re.MULTILINE)
_SECRETS = {("tardis", "api_key"), ("notify_url",)}
# What depends on the machine or on other settings is said in words.
_IN_WORDS = {"MDA_ROOT": "`data`", "MDA_WAREHOUSE_ROOT": "below the root", "MDA_WORKERS": "cores", "MDA_CACHE": "below the root"}
_IN_WORDS |= {"MDA_READ_CACHE": "`~/.cache/market_data_assets`"}
_GIBIBYTE = 1024**3


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    """Variable, key in the file, default."""
    return _ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def test_every_setting_has_one_row(rows: list[tuple[str, str, str]]) -> None:
    assert sorted(variable for variable, _, _ in rows) == sorted(map(variable_name, KEYS))


def test_names_in_the_file_are_those_of_the_settings(rows: list[tuple[str, str, str]]) -> None:
    names = {variable_name(key): key[0] if len(key) == 1 else f"[{key[0]}] {key[1]}" for key in KEYS if key not in _SECRETS}
    assert {variable: name for variable, name, _ in rows if name} == names


def test_defaults_are_those_of_the_settings(rows: list[tuple[str, str, str]], tmp_path: Path) -> None:
    settings = Settings.at(tmp_path)
    expected = {variable_name(key): shown(value_of(settings, key)) for key in KEYS}
    assert {variable: default for variable, _, default in rows} == expected | _IN_WORDS


def value_of(settings: Settings, key: tuple[str, ...]) -> object:
    value: object = settings
    for name in key:
        value = getattr(value, name)
    return value


def shown(value: object) -> str:
    """A default as the table has it."""
    if value is None or value == ():
        return "none" if value is None else "all"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and value >= _GIBIBYTE:
        return f"{value // _GIBIBYTE} GiB"
    return f"`{int(value) if isinstance(value, float) and value.is_integer() else value}`"
