"""The guide to Google Cloud names commands, settings, files and limits that there are."""

import re
from pathlib import Path

import typer

from market_data_assets.cli import app
from market_data_assets.client.costs import Rates
from market_data_assets.settings import KEYS, Settings, variable_name

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "google_cloud.md").read_text(encoding="utf-8")


def test_every_variable_is_a_setting() -> None:
    assert set(re.findall(r"\bMDA_[A-Z_]+", GUIDE)) <= {variable_name(key) for key in KEYS}


def test_every_command_and_option_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in re.findall(r"market-data ([a-z][a-z-]*)([^`\n#|;]*)", GUIDE):
        assert name in commands, name
        known = {option for parameter in commands[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, (name, rest)


def test_every_account_and_file_exists() -> None:
    accounts = (ROOT / "deploy" / "google_cloud" / "identities.yaml").read_text()
    assert all(f"account: {account}\n" in accounts for account in set(re.findall(r"`(market-data-[a-z]+)`", GUIDE)))
    for link in re.findall(r"\]\(([^)#]+)", GUIDE):
        assert (ROOT / "docs" / link).exists(), link


def test_prices_are_those_that_plans_are_made_with() -> None:
    rates = Rates()
    assert f"${rates.listing.of(1_000_000):.0f} per million writes" in GUIDE
    assert f"${rates.request.of(1_000_000):.2f} per million requests" in GUIDE
    assert f"${rates.query.dollars} a TiB scanned, at least {rates.query_minimum // 2**20} MiB" in GUIDE
    assert f"${rates.storage_read.dollars:.2f} a TiB" in GUIDE
    limit = Settings.at("lake").bigquery.max_bytes_billed
    assert f"{limit // 2**30} GiB: ${rates.query.of(limit):.2f}" in GUIDE
    assert f"636 writes and 3,869 reads: ${rates.listing.of(636) + rates.request.of(3_869):.4f}" in GUIDE
