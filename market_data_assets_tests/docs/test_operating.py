"""The tables of jobs, schedules and sensors are those of the graph."""

import re

import dagster as dg
import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets.settings import Settings
from market_data_assets_tests.docs.markdown import ROOT


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings.at("data"))


def first_column(heading: str) -> list[str]:
    """The names in the first column of the table below a heading of operating.md."""
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [name for cell in re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)]


def test_every_job_is_told(definitions: dg.Definitions) -> None:
    jobs = {job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")}
    assert sorted(first_column("Jobs")) == sorted(jobs)


def test_every_schedule_and_sensor_is_told(definitions: dg.Definitions) -> None:
    names = [each.name for each in (*(definitions.schedules or ()), *(definitions.sensors or ()))]
    assert sorted(first_column("Schedules and sensors")) == sorted(names)
