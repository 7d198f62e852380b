"""Whether the features of a day would be others if they were made now, from the candles that are stored of it and before it."""

import datetime as dt
import hashlib

from market_data_assets.compute.mft.registry import MFT_FEATURES, look_back_days
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.stores.base import Store
from market_data_assets.upkeep.lineage import look_back_of
from market_data_assets.upkeep.stale import Cause, Judge
from market_data_assets.upkeep.stored_days import StoredDays

LOOK_BACK_DAYS = max(look_back_days(timeframe) for timeframe in MFT_FEATURES)
"""The most days before its own that features are made from."""

_JUDGED = [MFT_FEATURES[Timeframe.parse(text)] for text in ("1h", "24h")]
"""Those with a month and with the longest look-back. A run commits every timeframe of candles, so the others change with them."""
_CAUSES = {Cause.INPUT_CHANGED, Cause.INPUT_APPEARED, Cause.INPUT_GONE}


class FeatureDays:
    """The days of features of one lake, each manifest read at most once. To be made anew whenever the lake may have changed."""

    def __init__(self, store: Store) -> None:
        self._stored = StoredDays(store)
        self._judge = Judge(self._stored, follows=lambda _: False)

    def lacks(self, day: dt.date) -> str | None:
        """Identity of the candles that the features would be made from, if they were made from others; None if not, or not stored.

        Raises:
            StorageFailed, Retryable: the store refused or stayed silent.
        """
        reasons = [reason for table in _JUDGED for reason in self._judge.reasons((table, day))]
        return self._identity(day) if any(reason.cause in _CAUSES for reason in reasons) else None

    def _identity(self, day: dt.date) -> str:
        wanted = [key for table in _JUDGED for key in look_back_of(table, day)]
        found = [
            (str(dataset), str(each), stored.content_hash) for dataset, each in wanted if (stored := self._stored.get((dataset, each)))
        ]
        return hashlib.sha256(repr(found).encode()).hexdigest()[:16]
