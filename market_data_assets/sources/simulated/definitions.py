"""The definition row of a simulated contract, as it is known on a day."""

import datetime as dt
from functools import lru_cache

from market_data_assets.domain.days import day_end, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.symbols.definition import define
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.venues import market_of
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.feeds import feeds


def definition(contract: SimulatedContract, day: dt.date, source: str) -> Instrument:
    """The row of ``contract`` as of the end of the UTC ``day``: until then nothing says when it stops being available."""
    return _definition(contract, contract.expires is not None and contract.expires <= day_end(day), source)


# A contract is the same on each of its days, and a plan of a year asks for all of them.
@lru_cache(maxsize=4096)
def _definition(contract: SimulatedContract, has_expired: bool, source: str) -> Instrument:
    market, expiry = contract.market, None if contract.expires is None else to_datetime(contract.expires)
    listed = to_datetime(contract.listed)
    return define(
        market_of(market.exchange),
        Listing(
            exchange=market.exchange,
            symbol=contract.symbol,
            instrument_type=market.instrument_type,
            base=market.base,
            quote=market.quote,
            expiry=None if expiry is None else expiry.date(),
            strike=contract.strike,
            option_type=contract.option_type,
            inverse=market.inverse,
        ),
        source=source,
        data_types=[dataset.name for dataset in feeds(contract)],
        contract_multiplier=market.contract_size,
        tick_size=float(market.tick),
        lot_size=float(market.lot),
        min_size=float(market.lot),
        expiry=expiry,
        listed_at=listed,
        available_from=listed,
        available_to=expiry if has_expired else None,
        status="expired" if has_expired else "active",
        known_at=listed,
    )
