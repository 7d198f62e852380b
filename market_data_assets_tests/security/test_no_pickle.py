"""Nothing is pickled: a pickle runs whatever whoever could write it has put into it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.io_managers import LakeIOManager, WarehouseIOManager
from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets_tests.defs.runs import DAY, settings_at

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for folder in ("market_data_assets", "market_data_assets_tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
]
MODULES = {
    "pickle",
    "_pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "joblib",
    "jsonpickle",
    "marshal",
    "pandas.io.pickle",
    "pickletools",
    "shelve",
}
CALLS = {"read_pickle", "to_pickle"}
WORDS = {"pickle", "dill", "joblib", "marshal", "shelve"}
"""One of them is in the name of every module and function above."""


def pickling(source: str) -> list[str]:
    """What in a module's source would read or write a pickle."""
    return [found for node in ast.walk(ast.parse(source)) for found in _of_node(node)]


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (name.name for name in names if MODULES & {name.name, name.name.split(".")[0]})
        case ast.ImportFrom(module=str(module)) if MODULES & {module, module.split(".")[0]}:
            yield module
        case ast.Attribute(attr=attribute) if attribute in CALLS:
            yield attribute
        case ast.keyword(arg="allow_pickle", value=value) if not (isinstance(value, ast.Constant) and value.value is False):
            yield "allow_pickle"
        case ast.Call(args=[ast.Constant(value=str(module)), *_]) if module in MODULES:
            yield f"a call with {module!r}"


def test_no_module_reads_or_writes_pickles() -> None:
    assert len(SOURCES) > 400
    texts = {str(path): path.read_text(encoding="utf-8") for path in SOURCES}
    # Parsing every module takes seconds; one without any of the words needs none.
    suspects = {path: text for path, text in texts.items() if any(word in text for word in WORDS)}
    assert str(Path(__file__)) in suspects
    assert {path: found for path, text in suspects.items() if (found := pickling(text))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from cloudpickle import dumps",
        "def later():\n    import marshal as m",
        "frame.to_pickle(path)",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=trusted)",
        "importlib.import_module('dill')",
    ],
)
def test_every_way_to_pickle_is_recognised(source: str) -> None:
    assert len(pickling(source)) == 1
    assert pickling("import json\nnp.load(path, allow_pickle=False)\nunpickled = 'pickle'") == []


@pytest.mark.parametrize("place", ["a folder", "google cloud"])
def test_no_step_falls_back_to_the_pickling_io_manager(tmp_path: Path, place: str) -> None:
    """Dagster gives a job an ``io_manager`` that pickles into the instance's folder, unless there is one of that very key."""
    cloud = {"root": "gs://bucket", "warehouse": "bigquery", "bigquery_project": "project"}
    definitions = build_definitions(settings_at(tmp_path, **cloud) if place == "google cloud" else settings_at(tmp_path))
    for job in definitions.resolve_all_job_defs():
        keys = {output.io_manager_key for node in job.all_node_defs for output in node.output_defs}
        for key in keys | {"io_manager"}:
            made_of = getattr(job.resource_defs[key], "configurable_resource_cls", None)
            assert made_of in {LakeIOManager, WarehouseIOManager}, (job.name, key)


def test_run_leaves_nothing_but_its_output_in_the_instance(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_instance(home) as instance:
        job = build_definitions(settings_at(tmp_path, instruments="BINANCE:SPOT_PAIR:BTC-USDT")).resolve_job_def(DAILY_JOB)
        made = job.execute_in_process(partition_key=DAY.isoformat(), instance=instance, asset_selection=[dg.AssetKey(INSTRUMENTS.key)])
        assert made.success
    stored = [path.relative_to(home / "storage") for path in (home / "storage").rglob("*") if path.is_file()]
    assert stored
    assert [path for path in stored if path.parts[1] != "compute_logs" or path.suffix not in {".out", ".err", ".complete"}] == []
