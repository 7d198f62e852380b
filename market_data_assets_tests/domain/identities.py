"""Hypothesis strategies for assets and instrument ids of every type."""

import datetime as dt
from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

from market_data_assets.domain.assets import asset_code
from market_data_assets.domain.instruments import InstrumentId, InstrumentType, OptionType
from market_data_assets.errors import UnsafeName

COMMON_ASSETS = st.sampled_from(["BTC", "ETH", "USD", "USDT", "USDC", "1000SHIB", "1INCH", "币安人生", "ß", "İ"])
# A few characters each: what matters is their kind, and the 200 bytes of a name are soon full of percent signs.
ASSET_NAMES = COMMON_ASSETS | st.text(min_size=1, max_size=5)

STRIKES = st.decimals(min_value=0, max_value=10**9, places=None, allow_nan=False, allow_infinity=False).map(lambda value: round(value, 6))
EXPIRIES = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))
STRUCTURES = st.from_regex(r"[A-Z0-9_+-]{1,12}(\.[A-Z0-9_+-]{1,6})?", fullmatch=True)


@st.composite
def assets(draw: st.DrawFn) -> str:
    """Canonical codes of assets."""
    try:
        return asset_code(draw(ASSET_NAMES))
    except UnsafeName:
        assume(False)
        raise


@st.composite
def instrument_ids(draw: st.DrawFn) -> InstrumentId:
    """Ids of every type, with and without what is optional."""
    kind = draw(st.sampled_from(InstrumentType))
    quote = assets()
    parts: dict[str, object] = {"quote": draw(quote | st.none() if kind is InstrumentType.INDEX else quote)}
    if kind.is_derivative:
        parts["settle"] = draw(st.none() | assets())
    if kind in {InstrumentType.FUTURE, InstrumentType.OPTION}:
        parts["expiry"] = draw(EXPIRIES)
    if kind is InstrumentType.OPTION:
        parts |= {"strike": Decimal(draw(STRIKES)), "option_type": draw(st.sampled_from(OptionType))}
    if kind is InstrumentType.COMBO:
        parts["structure"] = draw(STRUCTURES)
    return InstrumentId(
        venue=draw(st.from_regex(r"[A-Z][A-Z0-9_-]{0,10}", fullmatch=True)),
        instrument_type=kind,
        base=draw(assets()),
        generation=draw(st.just(1) | st.integers(2, 999)),
        **parts,  # type: ignore[arg-type]
    )
