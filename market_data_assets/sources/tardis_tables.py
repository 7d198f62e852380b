"""The columns of Tardis CSV files, one table per data type. A new data type is one entry here. (docs.tardis.dev/downloadable-csv-files)"""

from market_data_assets.sources.csv.tables import CsvTable, Field, choice, identifier, level, quantity, same, time

_ROW = (same("exchange"), same("symbol"), time("timestamp"), time("local_timestamp"))
_SIDES = {"buy": "buy", "sell": "sell", "unknown": "unknown"}


def _book(levels: int) -> CsvTable:
    def of_level(position: int) -> tuple[Field, ...]:
        return tuple(
            level(f"{side}s[{position}].{quantity}", f"{side}_{quantity}s", position, beside=f"{side}_{other}s")
            for side in ("ask", "bid")
            for quantity, other in (("price", "amount"), ("amount", "price"))
        )

    return CsvTable((*_ROW, *(field for position in range(levels) for field in of_level(position))))


TABLES = {
    "trades": CsvTable((*_ROW, identifier("id"), choice("side", "side", _SIDES), quantity("price"), quantity("amount"))),
    "book_snapshot_5": _book(5),
    "book_snapshot_25": _book(25),
}
