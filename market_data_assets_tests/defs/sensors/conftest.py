"""The real graph on folders of the module's own, and a fresh instance for each test."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets_tests.defs.runs import settings_at

FIRST_DAY = "2024-08-01"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sensors")


@pytest.fixture(scope="module")
def repository(root: Path) -> dg.RepositoryDefinition:
    settings = settings_at(root, instruments="BINANCE:SPOT_PAIR:BTC-USDT", data_types="trades", first_day=FIRST_DAY)
    return build_definitions(settings).get_repository_def()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made
