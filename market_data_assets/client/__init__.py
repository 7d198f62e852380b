"""MarketData: what a trading service reads stored market data with, without Dagster. Its parts are the modules beside it."""

from market_data_assets.client.availability import AvailabilityReads
from market_data_assets.client.bars import BarReads
from market_data_assets.client.deployment import From, Time
from market_data_assets.client.explaining import explained
from market_data_assets.client.plan import ReadPlan
from market_data_assets.client.quality import QualityReads
from market_data_assets.client.queries import SqlReads
from market_data_assets.client.request import Columns, Ids
from market_data_assets.client.surfaces import SurfaceReads
from market_data_assets.client.writing import FeatureWrites
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import QueryError

__all__ = ["MarketData"]


class MarketData(AvailabilityReads, QualityReads, SurfaceReads, BarReads, SqlReads, FeatureWrites):
    """Reads the lake and the warehouse of one deployment. Safe to share between threads.

    Ids are canonical (``BINANCE:PERP:BTC-USDT``), in any case and with the aliases of types; one, or several in a list.
    Times are UTC text, dates or aware datetimes; a range is half-open, ``[start, end)``, on the exchange's clock.
    Frames are ``pandas`` by default, or ``polars``, ``lazy`` (polars) or ``arrow``; rows are by instrument in the order
    asked for, ascending in time. Only the columns and row groups that are asked for are decoded.

    A read either covers its whole range or says what is missing: ``missing="raise"`` (the default) refuses a range in
    which a day, or an instrument on a day on which it was listed, is not stored; ``missing="skip"`` reads the rest, and
    :meth:`explain` lists what it would skip.

    ``as_known_at`` reads each day as it was stored at that instant: the latest revision committed by then. Rows say for
    themselves when they could first have been known to the market (``available_at``); this says what the lake knew.

    Candles and book snapshots are in the lake and in the warehouse. ``source="auto"`` (the default) reads the lake where it is
    on this machine, and otherwise the one that costs less; one that has nothing of the range is not read, nor is a warehouse
    for ``as_known_at`` or ``components``. ``source="lake"`` and ``source="warehouse"`` read that one.

    Every read may raise QueryError (something that does not exist: an instrument, a column, a naive time),
    UnknownInstrument (text that is not an id), PartitionMissing (days that are not stored) and CorruptPartition; where the
    lake or the warehouse is elsewhere, AuthError (no credentials, no permission), StorageFailed (no such bucket or table) and
    Retryable (out of reach) too.

    Args:
        settings: Those of the environment and ``market_data.toml`` by default, as the graph has them.
        root: Read the lake at this path or URL instead, without any settings.
        rates: Prices and speeds by which the lake or the warehouse is chosen; Google's own in the US by default.
    """

    def explain(
        self,
        dataset: str,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        components: bool = False,
        source: From = "auto",
        as_known_at: Time | None = None,
    ) -> ReadPlan:
        """What a read of ``dataset`` (such as ``trades`` or ``candles_1m``) touches, what is missing, what it costs; print it.

        Nothing is decoded. The estimates are those by which ``auto`` chooses between the lake and the warehouse.
        """
        from market_data_assets.catalog import DATASETS, PROCESSED  # noqa: PLC0415

        known = {one.name: one for one in DATASETS if one is not INSTRUMENTS}
        if dataset not in known:
            raise QueryError(f"dataset {dataset!r} is not known; stored are {', '.join(known)}")
        place: From = "lake" if source == "auto" and known[dataset] not in PROCESSED else source
        span = TimeRange.parse(start, end)
        read = self._read(known[dataset], ids, span, columns=columns, source=place, components=components, as_known_at=as_known_at)
        return explained(read, self._rates)
