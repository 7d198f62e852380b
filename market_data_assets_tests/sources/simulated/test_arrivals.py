import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.days import TimeRange
from market_data_assets.sources.simulated.arrivals import BLOCK, LONGEST_DELAY, arrival_instants, clustered_instants, cumulative_count
from market_data_assets.sources.simulated.seeds import stream

SPAN = TimeRange(120_000 * BLOCK, 120_001 * BLOCK)
LUCK = st.floats(0, 1, exclude_max=True)


@given(st.floats(0, 1e7), st.integers(0, 150_000), LUCK, LUCK)
def test_counts_never_run_backwards_whatever_the_luck(per_day, block, before, after):
    assert cumulative_count(per_day, block, before) <= cumulative_count(per_day, block + 1, after)


@given(st.integers(0, 25_000), LUCK)
def test_a_day_has_about_its_mean_count(day, luck):
    trades = cumulative_count(100_000, 6 * day + 6, luck) - cumulative_count(100_000, 6 * day, 1 - luck / 2)
    assert 80_000 < trades < 120_000


@given(st.integers(0, 500), st.integers(0, 2**32))
def test_instants_are_sorted_milliseconds_after_the_start_of_the_span(count, seed):
    found = clustered_instants(stream(seed), SPAN, count)
    assert len(found) == count
    assert (np.diff(found) >= 0).all()
    assert ((found > SPAN.start) & (found < SPAN.end) & (found % 1_000 == 0)).all()


@given(st.integers(0, 500), st.integers(0, 2**32))
def test_nothing_arrives_before_it_happened_or_much_later(count, seed):
    happened = clustered_instants(stream(seed), SPAN, count)
    delays = arrival_instants(stream(seed, "arrivals"), happened, 10.0) - happened
    assert ((delays >= 0) & (delays <= LONGEST_DELAY)).all()


def test_arrivals_cluster_over_the_seconds():
    seconds = clustered_instants(stream("clusters"), SPAN, 20_000) // 1_000_000
    counts = np.bincount(seconds - seconds[0])
    # A Poisson process has a ratio of 1.
    assert counts.var() / counts.mean() > 1.5
