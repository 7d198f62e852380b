"""Ctrl-C ends the run of a day, wherever it comes."""

import datetime as dt
import signal
from collections.abc import Callable

import dagster as dg
import pytest

from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.defs.runs import run_day

DAY = dt.date(2024, 8, 8)


def interrupted_by_a_signal() -> None:
    signal.raise_signal(signal.SIGINT)


def interrupted_by_a_library() -> None:
    raise KeyboardInterrupt


def nothing() -> None:
    pass


@pytest.mark.parametrize(
    ("in_step", "after_step"),
    [(interrupted_by_a_signal, nothing), (interrupted_by_a_library, nothing), (nothing, interrupted_by_a_signal)],
    ids=["in a step", "in a step, by a library", "between steps"],
)
def test_interrupted_run_ends_as_ctrl_c_does(in_step: Callable[[], None], after_step: Callable[[], None]) -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(KeyboardInterrupt):
        run_day(day_of_one_asset(in_step), instance, DAY, on_step=lambda _: after_step())


def test_undisturbed_run_ends_as_usual() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert not run_day(day_of_one_asset(nothing), instance, DAY).failed


def day_of_one_asset(step: Callable[[], None]) -> dg.Definitions:
    @dg.asset(partitions_def=dg.DailyPartitionsDefinition(DAY.isoformat()))
    def only() -> None:
        step()

    return dg.Definitions([only], jobs=[dg.define_asset_job(DAILY_JOB, [only])])
