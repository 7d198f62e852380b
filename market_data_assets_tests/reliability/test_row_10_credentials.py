"""Row 10: credentials that are refused: an error at once, no further request, and the day as it was."""

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import AuthError
from market_data_assets.storage.lake import Lake
from market_data_assets_tests.emulators.proxy_faults import refused
from market_data_assets_tests.reliability.laws import check_at_rest, check_healed
from market_data_assets_tests.reliability.places import CHANGES, GcsPlace
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD

REFUSALS = {"401": refused(401, reason="authError"), "403": refused(403, reason="forbidden")}
# After a 401 Google's library asks for a new token, and that is what fails then.
SAID = {"401": "credentials", "403": "403 .*credentials in use do not allow it"}


@pytest.mark.parametrize("status", REFUSALS)
def test_row_10_refusal_of_any_change_ends_the_run_at_once(gcs_place: GcsPlace, status):
    # From the first staged file on, from the commit on, from the middle of publishing on.
    for at in (0, 8, 11):
        store = gcs_place.new()
        REAL.write(store, OLD, "start")
        rule = gcs_place.proxy.rules.add(REFUSALS[status], method=CHANGES, nth=range(at + 1, 1_000))
        with pytest.raises(AuthError, match=SAID[status]):
            REAL.write(store, NEW, "a")
        assert rule.met == 1
        gcs_place.proxy.rules.clear()
        check_at_rest(store, [OLD, NEW])
        check_healed(store, NEW)


@pytest.mark.parametrize("status", REFUSALS)
def test_row_10_refused_reader_is_told_so_and_never_that_there_is_nothing(gcs_place: GcsPlace, status):
    lake = Lake(gcs_place.new())
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    rule = gcs_place.proxy.rules.add(REFUSALS[status])
    for read in (
        lambda: Lake(lake.store).manifest(TRADES, DAY),
        lambda: Lake(lake.store).read(TRADES, DAY, BTC),
        lambda: Lake(lake.store).days(TRADES),
        lambda: lake.store.head("a"),
        lambda: list(lake.store.list("")),
    ):
        with pytest.raises(AuthError, match=SAID[status]):
            read()
    assert rule.met == 5
