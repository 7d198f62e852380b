import contextlib
import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import SettingsError
from market_data_assets.settings import KEYS, Settings, variable_name

CANARY = "canary-key-7f3a"


@pytest.fixture(autouse=True)
def working_directory(tmp_path, monkeypatch):
    """Each test starts in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_need_no_account_and_no_file(working_directory):
    settings = Settings.load({})
    assert (settings.source, settings.warehouse) == ("simulated", "embedded")
    assert settings.root_url == (working_directory / "data").as_uri()
    assert settings.warehouse_root == working_directory / "data" / "market_data_analytics"
    assert settings.cache == working_directory / "data" / "_downloads"
    assert settings.first_day == dt.date(2019, 3, 30)
    assert settings.workers >= 1
    assert settings.universe.includes(InstrumentId.parse("BINANCE:PERP:BTC-USDT"))


def test_environment_wins_over_the_file(working_directory):
    (working_directory / "market_data.toml").write_text('source = "tardis"\nworkers = 3\n[tardis]\napi_url = "https://file.example"\n')
    settings = Settings.load({"MDA_SOURCE": "binance_vision", "MDA_TARDIS_DATASETS_URL": "https://environment.example/"})
    assert settings.source == "binance_vision"
    assert settings.workers == 3
    assert settings.tardis.api_url == "https://file.example"
    assert settings.tardis.datasets_url == "https://environment.example"


def test_empty_variable_counts_as_not_set(working_directory):
    (working_directory / "market_data.toml").write_text('source = "tardis"\n')
    assert Settings.load({"MDA_SOURCE": ""}).source == "tardis"


def test_config_variable_names_the_file_and_its_relative_paths_start_there(working_directory):
    folder = working_directory / "etc"
    folder.mkdir()
    (folder / "platform.toml").write_text('root = "lake"\n[tardis]\ndatasets_url = "vendor files"\n')
    settings = Settings.load({"MDA_CONFIG": "etc/platform.toml"})
    assert settings.root == str(folder / "lake")
    assert settings.tardis.datasets_url == (folder / "vendor files").as_uri()


def test_relative_root_of_the_environment_starts_at_the_working_directory(working_directory):
    assert Settings.load({"MDA_ROOT": "lake"}).root == str(working_directory / "lake")


@pytest.mark.parametrize(
    ("root", "url"), [("gs://bucket/prefix/", "gs://bucket/prefix"), ("memory://", "memory://"), ("file:///a", "file:///a")]
)
def test_root_can_be_a_url(root, url):
    assert Settings.load({"MDA_ROOT": root}).root_url == url


def test_remote_root_keeps_warehouse_and_downloads_on_the_local_disk(working_directory):
    settings = Settings.load({"MDA_ROOT": "gs://bucket"})
    assert settings.warehouse_root == working_directory / "data" / "market_data_analytics"
    assert settings.cache == Path(tempfile.gettempdir()) / "market_data_assets_downloads"


def test_lists_are_separated_by_commas_in_the_environment():
    settings = Settings.load(
        {"MDA_VENUES": "binance-futures, binance-delivery", "MDA_INSTRUMENTS": "binance:swap:*-usdt,BINANCE:SPOT:BTC-USDT"}
    )
    assert settings.venues == ("binance-futures", "binance-delivery")
    assert settings.instruments == ("BINANCE:PERP:*-USDT", "BINANCE:SPOT_PAIR:BTC-USDT")
    assert {market.exchange for market in settings.universe.markets()} == {"binance-futures", "binance-delivery"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"MDA_SORCE": "x"}, "environment variable MDA_SORCE is not known; allowed are MDA_ROOT, .*did you mean MDA_SOURCE"),
        ({"MDA_SOURCE": "tardiss"}, "MDA_SOURCE 'tardiss': expected one of simulated, tardis, binance_vision; did you mean tardis"),
        ({"MDA_ROOT": "s3://bucket"}, "MDA_ROOT 's3://bucket': expected a plain path or a URL that starts with file://, memory://, gs://"),
        ({"MDA_ROOT": "file://data"}, "three slashes"),
        ({"MDA_ROOT": "gs://"}, "expected a name after gs://"),
        ({"MDA_TARDIS_API_URL": "ftp://x"}, "MDA_TARDIS_API_URL 'ftp://x': .* https://, http://, file://"),
        ({"MDA_VENUES": "binanse"}, "binanse"),
        ({"MDA_INSTRUMENTS": "BTC-USDT"}, "MDA_INSTRUMENTS 'BTC-USDT': .*VENUE:TYPE:SYMBOL"),
        ({"MDA_INSTRUMENTS": "BINANCE:SPT:*"}, "expected one of SPOT_PAIR, PERP"),
        ({"MDA_INSTRUMENTS": "BINANSE:PERP:*"}, "venue 'BINANSE' is not known; allowed are BINANCE"),
        ({"MDA_INSTRUMENTS": "BINANCE:PERP?"}, "expected VENUE:TYPE:SYMBOL"),
        ({"MDA_WORKERS": "0"}, "MDA_WORKERS '0': .*greater than or equal to 1"),
        ({"MDA_WORKERS": "many"}, "MDA_WORKERS 'many': .*valid integer"),
        ({"MDA_FIRST_DAY": "yesterday"}, "MDA_FIRST_DAY 'yesterday': .*YYYY-MM-DD"),
        ({"MDA_WAREHOUSE": "bigquery"}, "MDA_BIGQUERY_PROJECT"),
        ({"MDA_BIGQUERY_DATASET": "a;b"}, "MDA_BIGQUERY_DATASET 'a;b'"),
        ({"MDA_CONFIG": "nowhere.toml"}, "settings file nowhere.toml: cannot be read"),
        ({"MDA_SOURCE": "x", "MDA_WORKERS": "y"}, "MDA_SOURCE 'x'.*; MDA_WORKERS 'y'"),
    ],
)
def test_bad_variable_is_refused_in_one_line_that_says_what_is_allowed(variables, message):
    with pytest.raises(SettingsError, match=message) as refused:
        Settings.load(variables)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('sorce = "x"', "market_data.toml: sorce is not known; allowed are root, source, .*tardis; did you mean source"),
        ("[tardis]\nurl = 1", r"market_data.toml: tardis.url is not known; allowed are datasets_url, api_url, api_key"),
        ('source = "x"', "market_data.toml: source 'x': expected one of"),
        ('venues = "binance"', "market_data.toml: venues 'binance'"),
        ("root = 5", "market_data.toml: root 5"),
        ('tardis = "x"', "tardis: "),
        ("root ==", "not TOML"),
    ],
)
def test_bad_file_is_refused_in_one_line_that_says_what_is_allowed(working_directory, text, message):
    (working_directory / "market_data.toml").write_text(text)
    with pytest.raises(SettingsError, match=message) as refused:
        Settings.load({})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", [f'[tardis]\napi_key = ["{CANARY}"]', f'tardis = "{CANARY}"', f'[tardis]\napikey = "{CANARY}"', f'tardis_api_key = "{CANARY}"']
)
def test_secret_in_the_wrong_place_of_the_file_is_not_shown(working_directory, text):
    (working_directory / "market_data.toml").write_text(text)
    for variables in ({}, {"MDA_TARDIS_API_KEY": CANARY}):
        with pytest.raises(SettingsError) as refused:
            Settings.load(variables | {"MDA_SOURCE": "x"})
        assert CANARY not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_secret_does_not_show_in_the_settings_or_in_errors_beside_it():
    settings = Settings.load({"MDA_TARDIS_API_KEY": CANARY})
    assert settings.tardis.api_key is not None
    assert settings.tardis.api_key.get_secret_value() == CANARY
    assert CANARY not in f"{settings!r} {settings} {settings.model_dump_json()}"
    for wrong in ({"MDA_TARDIS_APIKEY": CANARY}, {"MDA_TARDIS_API_KEY": CANARY, "MDA_SOURCE": "x"}):
        with pytest.raises(SettingsError) as refused:
            Settings.load(wrong)
        assert CANARY not in str(refused.value)


def test_webhook_is_a_secret_of_the_environment(tmp_path: Path) -> None:
    url = f"https://hooks.example/services/{CANARY}/"
    settings = Settings.load({"MDA_NOTIFY_URL": url})
    assert settings.notify_url is not None
    assert settings.notify_url.get_secret_value() == url
    assert CANARY not in f"{settings!r} {settings} {settings.model_dump_json()}"
    file = tmp_path / "market_data.toml"
    file.write_text(f'notify_url = "{url}"\n')
    for variables, given_file in (({"MDA_NOTIFY_URL": CANARY}, None), ({"MDA_NOTIFY_URL": f"ftp://{CANARY}"}, None), ({}, file)):
        with pytest.raises(SettingsError, match="MDA_NOTIFY_URL") as refused:
            Settings.load(variables, given_file)
        assert CANARY not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.parametrize("url", ["dagster.example", "/ui", "file:///ui", "https://"])
def test_link_to_the_ui_has_to_be_one_that_a_browser_opens(url):
    assert Settings.load({"MDA_UI_URL": "https://dagster.example/ui/"}).ui_url == "https://dagster.example/ui"
    with pytest.raises(SettingsError, match=r"MDA_UI_URL.*http"):
        Settings.load({"MDA_UI_URL": url})


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings.load({}).source = "tardis"


def test_at_reads_neither_file_nor_environment(working_directory, monkeypatch):
    (working_directory / "market_data.toml").write_text('source = "tardis"\n')
    monkeypatch.setenv("MDA_SOURCE", "tardis")
    settings = Settings.at(working_directory / "lake")
    assert (settings.source, settings.root) == ("simulated", str(working_directory / "lake"))


def test_variables_of_the_tests_and_of_other_programs_are_left_alone():
    assert Settings.load({"MDA_SAMPLES": "x", "MDA_REQUIRE_SAMPLES": "1", "PATH": "/bin"}) == Settings.load({})


def test_every_key_has_one_variable():
    names = [variable_name(key) for key in KEYS]
    assert len(set(names)) == len(names)
    assert {"MDA_ROOT", "MDA_TARDIS_DATASETS_URL", "MDA_BINANCE_VISION_URL", "MDA_BIGQUERY_PROJECT", "MDA_WAREHOUSE_ROOT"} <= set(names)


@given(st.dictionaries(st.sampled_from([variable_name(key) for key in KEYS]), st.text(max_size=20)))
def test_any_text_is_either_taken_or_refused_as_a_settings_error(variables):
    with contextlib.suppress(SettingsError):
        Settings.load(variables)


def test_a_key_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "market_data.toml"
    file.write_text(f'[tardis]\napi_key = "{CANARY}"\n')
    with pytest.raises(SettingsError, match="MDA_TARDIS_API_KEY") as refused:
        Settings.load({}, file)
    assert CANARY not in str(refused.value)
