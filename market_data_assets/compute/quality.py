"""What looks wrong with a day, found from its row counts. Asset checks report it."""

from collections.abc import Mapping, Sequence

from market_data_assets.domain.instruments import InstrumentId

RowCounts = Mapping[InstrumentId, int]


def fell_silent(today: RowCounts, earlier: Sequence[RowCounts]) -> Sequence[InstrumentId]:
    """Instruments delivered with no rows, though they had rows on most of the earlier days that have them, in order.

    Args:
        today: Rows of each instrument delivered; one that was not delivered is no matter of this function.
        earlier: The same for some days before; an instrument that is on none of them is new and not judged.
    """
    empty = [instrument for instrument, rows in today.items() if rows == 0]
    return sorted(instrument for instrument in empty if _normally_active(instrument, earlier))


def _normally_active(instrument: InstrumentId, earlier: Sequence[RowCounts]) -> bool:
    known = [day[instrument] for day in earlier if instrument in day]
    return 2 * sum(rows > 0 for rows in known) > len(known)
