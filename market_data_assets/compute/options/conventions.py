"""How a venue states implied volatilities and deltas. A venue with options is one record here."""

from collections.abc import Mapping
from dataclasses import dataclass

from market_data_assets.errors import SchemaDrift


@dataclass(frozen=True, slots=True)
class Convention:
    """What the numbers of a venue's option feed mean. The vendor passes them through as the venue sends them.

    Attributes:
        volatility_unit: Decimals a year of one unit of implied volatility: 0.01 where the venue states percent.
        delta: ``black_scholes``, or ``premium_adjusted`` where the premium's own value in base is taken off.
    """

    volatility_unit: float
    delta: str


CONVENTIONS: Mapping[str, Convention] = {
    # Deribit's raw ticker: "mark_iv": 63.21 with a delta of 0.62959 at a premium of 0.038 BTC.
    "DERIBIT": Convention(0.01, "black_scholes"),
    # OKX's option summary names the other one deltaBS; markVol 0.5 is 50 % a year.
    "OKX": Convention(1.0, "premium_adjusted"),
    "BYBIT": Convention(1.0, "black_scholes"),
}


def convention_of(venue: str) -> Convention:
    """The convention of a venue, by our name of it.

    Raises:
        SchemaDrift: a venue whose convention is not known: its volatilities would be a guess.
    """
    try:
        return CONVENTIONS[venue]
    except KeyError:
        known = ", ".join(CONVENTIONS)
        raise SchemaDrift(f"options of {venue}: the unit of its implied volatilities is not known; known are {known}") from None
