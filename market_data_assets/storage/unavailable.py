"""Why an instrument has no stored file on a day, as the error that says so."""

import datetime as dt
from difflib import get_close_matches

from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import MarketDataError, NoData, QueryError, Retryable, Unusable
from market_data_assets.storage.manifest import DayContent


def unavailable(dataset: Dataset, day: dt.date, content: DayContent, name: str) -> MarketDataError:
    """``Retryable`` if the instrument ``name`` failed, ``Unusable`` if it was set aside, ``NoData`` if it is absent.

    ``QueryError``, with near names, if the day says nothing about it. The stored reason comes with the error.
    """
    what = f"{dataset} {day} {name}"
    for failed in content.failed:
        if failed.instrument_id == name:
            return Retryable(f"{what} failed when the day was made ({failed.error}); materialize it again")
    for aside in content.quarantined:
        if aside.instrument_id == name:
            unusable = Unusable(f"{what} was set aside ({aside.reason})")
            unusable.reason = aside.reason
            return unusable
    for absent in content.absent:
        if absent.instrument_id == name:
            no_data = NoData(f"{what} is absent ({absent.reason})")
            no_data.reason = absent.reason
            return no_data
    known = [entry.instrument_id for entry in content.files if entry.instrument_id is not None]
    return QueryError.unknown(f"{dataset} {day}: instrument", name, get_close_matches(name, known))
