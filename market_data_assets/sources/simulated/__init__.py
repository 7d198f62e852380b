"""Simulated markets: the keyless default. Prices, books and trades are functions of (instrument, day), with plantable faults."""

from market_data_assets.sources.simulated.source import SimulatedSource

__all__ = ["SimulatedSource"]
