"""Row 9: a store that asks to wait, or fails for a while. It is asked again, within limits; the day is whole all the while.

Only a store behind a network does this. How vendors are asked again is tested with ``sources``.
"""

import pytest

from market_data_assets.errors import QuotaExhausted, Retryable
from market_data_assets.storage.stores.gcs import GcsStore
from market_data_assets.storage.stores.gcs_retry import Patience
from market_data_assets_tests.emulators.proxy_faults import refused
from market_data_assets_tests.reliability.laws import check_healed
from market_data_assets_tests.reliability.places import CHANGES, GcsPlace
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD

LONG_AGO = "Wed, 21 Oct 2015 07:28:00 GMT"
FAR_AWAY = "Fri, 21 Oct 2101 07:28:00 GMT"
FOR_A_MOMENT = {
    "429 at once": refused(429, retry_after="0"),
    "429 for a second": refused(429, retry_after="1"),
    "429 without a word": refused(429),
    "429 until a date that is over": refused(429, retry_after=LONG_AGO),
    "403 too fast": refused(403, reason="rateLimitExceeded"),
    **{f"{status}": refused(status) for status in (408, 500, 502, 503, 504)},
}
TOO_LONG = {"an hour": refused(429, retry_after="3600"), "a far date": refused(503, retry_after=FAR_AWAY)}


@pytest.fixture
def store(gcs_place: GcsPlace):
    found = gcs_place.new()
    REAL.write(found, OLD, "start")
    return found


@pytest.mark.parametrize("answer", FOR_A_MOMENT)
def test_row_9_store_that_is_busy_for_a_moment_gets_the_day(gcs_place: GcsPlace, store, answer):
    """A staged file, the commit, a publication; and a look at an object."""
    changes = gcs_place.proxy.rules.add(FOR_A_MOMENT[answer], method=CHANGES, nth=[1, 9, 12])
    looks = gcs_place.proxy.rules.add(FOR_A_MOMENT[answer], method="GET", nth=[1])
    assert REAL.write(store, NEW, "a") == "committed"
    assert (changes.met, looks.met) == (3, 1)
    assert REAL.read(store) == NEW


@pytest.mark.parametrize("answer", TOO_LONG)
def test_row_9_store_that_asks_for_a_longer_pause_than_a_run_waits_is_not_waited_for(gcs_place: GcsPlace, store, answer):
    rule = gcs_place.proxy.rules.add(TOO_LONG[answer], method=CHANGES)
    with pytest.raises(QuotaExhausted):
        REAL.write(store, NEW, "a")
    assert rule.met == 1
    assert REAL.read(store) == OLD
    gcs_place.proxy.rules.clear()
    check_healed(store, NEW)


def test_row_9_store_that_stays_busy_ends_the_run_and_leaves_the_old_day(gcs_place: GcsPlace, store, exact_bucket):
    rule = gcs_place.proxy.rules.add(refused(503), method=CHANGES, path="/_staging/")
    hurried = GcsStore(
        exact_bucket.removeprefix("gs://"), store.url("").removeprefix(f"{exact_bucket}/"), patience=Patience(deadline_seconds=0.2)
    )
    with pytest.raises(Retryable, match="503"):
        REAL.write(hurried, NEW, "a")
    assert rule.met > 1
    assert REAL.read(store) == OLD
    gcs_place.proxy.rules.clear()
    check_healed(store, NEW)
