"""What every test may use: the folder of real market data, the emulators, and hypothesis settings."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "market_data_assets_tests.browser.fixtures",
    "market_data_assets_tests.emulators.fixtures",
    "market_data_assets_tests.emulators.proxy_fixtures",
]
settings.register_profile("default", deadline=None, derandomize=True, max_examples=20)
settings.load_profile("default")

# Files of a minute and more. They begin first, so that no process is left with one when the others have nothing to do any more.
_LONGEST = (
    "daemon/test_kills.py",
    "reliability/test_row_01_kill_9.py",
    "defs/test_google_cloud_day.py",
    "browser/test_user_interface.py",
    "docs/test_blocks.py",
    "defs/test_bad_input_day.py",
    "defs/test_simulated_day.py",
    "defs/checks/test_days.py",
)
_DEFAULT_SAMPLES = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real market data: MDA_SAMPLES, or ../shared/data beside the project."""
    folder = Path(os.environ.get("MDA_SAMPLES", _DEFAULT_SAMPLES))
    if folder.is_dir():
        return folder
    reason = f"no real market data at {folder}; set MDA_SAMPLES to a folder that has it"
    if os.environ.get("MDA_REQUIRE_SAMPLES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; apart from that, the order is as collected."""
    folder = Path(__file__).parent
    places = {folder / name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
