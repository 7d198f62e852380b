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
settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")

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
