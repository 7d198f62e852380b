import datetime as dt
import os
import subprocess
import sys

import pytest

from market_data_assets.domain.schemas import OPTIONS_CHAIN, RAW, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets_tests.sources.simulated.markets import CALL, DAY, NEXT_DAY, PERP, fetch, quiet_source, same_rows

PRINT_DIGEST = """
import hashlib
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets_tests.sources.simulated.markets import CALL, PERP, fetch, quiet_source
digest = hashlib.sha256()
for dataset, instrument in ((BOOK_SNAPSHOT_5, PERP), (TRADES, PERP), (LIQUIDATIONS, PERP), (OPTIONS_CHAIN, CALL)):
    for column in fetch(quiet_source(), dataset, instrument).table.to_pydict().values():
        digest.update(repr(column).encode())
print(digest.hexdigest())
"""


def test_another_process_with_another_hash_seed_makes_the_same_market():
    digests = set()
    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": hash_seed}
        run = subprocess.run([sys.executable, "-c", PRINT_DIGEST], env=environment, capture_output=True, text=True, check=True)
        digests.add(run.stdout.strip())
    assert len(digests) == 1


@pytest.mark.parametrize("dataset", RAW, ids=str)
def test_a_day_is_the_same_whichever_days_and_instruments_were_made_before(dataset):
    instrument = CALL if dataset == OPTIONS_CHAIN else PERP
    alone = fetch(quiet_source(), dataset, instrument, NEXT_DAY).table
    after_others = quiet_source()
    for other in (dataset, OPTIONS_CHAIN if dataset == OPTIONS_CHAIN else TRADES):
        for days in (1, -1):
            fetch(after_others, other, instrument, NEXT_DAY + dt.timedelta(days=days))
    assert same_rows(fetch(after_others, dataset, instrument, NEXT_DAY).table, alone)


def test_an_instrument_is_the_same_in_any_universe():
    narrow = SimulatedSource(Universe(patterns=(PERP,)), scale=quiet_source().scale)
    assert fetch(narrow, TRADES, PERP).table.equals(fetch(quiet_source(), TRADES, PERP).table)


def test_days_and_instruments_differ():
    source = quiet_source()
    tables = [fetch(source, TRADES, name, day).table for name in (PERP, "BINANCE:SPOT_PAIR:BTC-USDT") for day in (DAY, NEXT_DAY)]
    assert len({tuple(table["amount"].to_pylist()[:50]) for table in tables}) == len(tables)


def test_the_source_version_tells_activity_and_faults_apart():
    versions = {fetch(source, TRADES, PERP).source_version for source in (quiet_source(), SimulatedSource(Universe(), scale=0.01))}
    assert len(versions) == 2
