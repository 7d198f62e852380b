import pytest

from market_data_assets import errors
from market_data_assets.domain.schemas import LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets.errors import SettingsError
from market_data_assets.sources.simulated.planting import Where
from market_data_assets.sources.simulated.refusals import DamagedFile, Failing, LateFile, MissingFile, SchemaDrift
from market_data_assets_tests.sources.simulated.markets import CALL, DAY, NEXT_DAY, PERP, fetch, quiet_source, quiet_table, same_rows

TRADES_OF_PERP = Where(PERP, "trades", DAY)
REFUSED = [(MissingFile, errors.NotListed), (SchemaDrift, errors.SchemaDrift), (DamagedFile, errors.DamagedFile)]
LATE = [(Failing, errors.Retryable), (LateFile, errors.NotAvailableYet)]


@pytest.mark.parametrize(("fault", "error"), REFUSED)
@pytest.mark.parametrize("dataset", [TRADES, LIQUIDATIONS, OPTIONS_CHAIN], ids=str)
def test_a_refused_file_says_which_it_is_and_loses_all_its_rows(fault, error, dataset):
    instrument = CALL if dataset == OPTIONS_CHAIN else PERP
    source = quiet_source(fault(Where(instrument, dataset.name, DAY)))
    with pytest.raises(error, match=f"simulated {dataset.name} of {instrument} on {DAY}"):
        fetch(source, dataset, instrument)
    (planted,) = source.planted(DAY)
    assert same_rows(planted.rows, quiet_table(dataset, instrument))
    assert planted.span is None


@pytest.mark.parametrize(("fault", "error"), LATE)
def test_a_file_that_comes_late_is_whole_in_the_end(fault, error):
    planted = fault(TRADES_OF_PERP, times=2)
    source = quiet_source(planted)
    assert len(source.planted(DAY)[0].rows) == 0
    for _ in range(2):
        with pytest.raises(error, match=f"trades of {PERP} on {DAY}"):
            fetch(source, TRADES, PERP)
    assert same_rows(fetch(source, TRADES, PERP).table, quiet_table(TRADES, PERP))
    # Another source with the same fault, as another step of a run opens it, goes on counting.
    assert len(fetch(quiet_source(planted), TRADES, PERP).table) > 0


@pytest.mark.parametrize(("fault", "error"), LATE)
def test_each_file_is_counted_by_itself(fault, error):
    source = quiet_source(fault(Where(PERP, "trades"), times=1))
    for day in (DAY, NEXT_DAY):
        with pytest.raises(error):
            fetch(source, TRADES, PERP, day)
        assert len(fetch(source, TRADES, PERP, day).table) > 0


@pytest.mark.parametrize("fault", [Failing, LateFile])
def test_how_often_it_failed_is_no_part_of_a_fault_and_of_the_version_of_its_file(fault):
    tried = fault(TRADES_OF_PERP, times=1)
    with pytest.raises(errors.MarketDataError):
        fetch(quiet_source(tried), TRADES, PERP)
    assert tried == fault(TRADES_OF_PERP, times=1)
    assert repr(tried) == repr(fault(TRADES_OF_PERP, times=1))


def test_a_file_is_never_absent_because_the_vendor_failed():
    with pytest.raises(errors.MarketDataError) as refused:
        fetch(quiet_source(Failing(TRADES_OF_PERP, times=1)), TRADES, PERP)
    assert not isinstance(refused.value, errors.NoData)


@pytest.mark.parametrize("fault", [Failing, LateFile])
def test_a_fault_that_never_happens_is_refused(fault):
    with pytest.raises(SettingsError, match="expected 1 or more"):
        fault(TRADES_OF_PERP, times=0)
