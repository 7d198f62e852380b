"""Opening the source that a deployment names. Nothing is fetched by that."""

from pathlib import Path

from market_data_assets.domain.universe import Universe
from market_data_assets.errors import SettingsError
from market_data_assets.sources.base import Secret, Source
from market_data_assets.sources.binance_vision import BinanceVisionSource
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.tardis import TardisSource


def open_source(
    name: str,
    universe: Universe,
    cache: Path,
    *,
    tardis_datasets_url: str,
    tardis_api_url: str,
    tardis_api_key: Secret | None,
    binance_vision_url: str,
    limits: Limits | None = None,
) -> Source:
    """The vendor called ``name``, limited to ``universe``.

    Args:
        cache: Folder for downloads in progress.
        tardis_datasets_url, tardis_api_url, tardis_api_key, binance_vision_url: Where that vendor is; see its class.
        limits: How long and how often it is asked; its own by default.

    Raises:
        SettingsError: another name.
    """
    match name:
        case "tardis":
            return TardisSource(tardis_datasets_url, tardis_api_url, universe, cache, api_key=tardis_api_key, limits=limits)
        case "binance_vision":
            return BinanceVisionSource(binance_vision_url, universe, cache, limits=limits)
        case "simulated":
            return SimulatedSource(universe)
    raise SettingsError(f"source {name!r}: expected one of simulated, tardis, binance_vision")
