"""Sizes of one unit of amount that hold on several venues."""

from market_data_assets.domain.instruments import InstrumentId


def one(instrument: InstrumentId) -> float | None:
    """Amounts are in base (linear, options, spot) or in quote (inverse) already; not known for quanto contracts."""
    return None if instrument.is_quanto else 1.0
