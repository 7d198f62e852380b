import datetime as dt
import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import MAX_NAME_BYTES, InstrumentId, InstrumentType, OptionType
from market_data_assets.errors import UnknownInstrument, UnsafeName, Unusable
from market_data_assets_tests.domain.identities import assets, instrument_ids


@given(instrument_ids())
def test_parsing_a_formatted_id_returns_the_id(instrument: InstrumentId) -> None:
    parsed = InstrumentId.parse(str(instrument))
    assert parsed == instrument
    assert str(parsed) == str(instrument)
    assert hash(parsed) == hash(instrument)


@given(instrument_ids())
def test_parsing_ignores_case_and_outer_space(instrument: InstrumentId) -> None:
    text = str(instrument)
    for spelling in (text.lower(), text.upper(), text.swapcase(), text.casefold(), f"  {text}\n"):
        assert InstrumentId.parse(spelling) == instrument


@given(instrument_ids(), instrument_ids())
def test_two_ids_are_equal_exactly_when_their_texts_are(one: InstrumentId, other: InstrumentId) -> None:
    assert (one == other) == (str(one) == str(other))


@given(instrument_ids())
def test_a_file_name_made_of_an_id_stays_in_its_folder(instrument: InstrumentId) -> None:
    name = str(instrument)
    assert not set(name) & set("/\\\0 ")
    assert ".." not in name
    assert not name.startswith(".")
    assert name.isprintable()
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name.count(":") == 2


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_one_of_two_errors(text: str) -> None:
    try:
        instrument = InstrumentId.parse(text)
    except (UnknownInstrument, UnsafeName):
        return
    assert InstrumentId.parse(str(instrument)) == instrument


@given(
    st.lists(st.sampled_from([*string.ascii_uppercase[:4], *"0126", *":-@~%.", "SPOT", "PERP", "OPTION", "-241227", "CALL"]), max_size=14)
)
def test_text_made_of_the_grammar_s_own_pieces_never_breaks_the_parser(pieces: list[str]) -> None:
    for prefix in ("", "BINANCE:OPTION:", "BINANCE:FUTURE:", "BINANCE:COMBO:"):
        text = prefix + "".join(pieces)
        try:
            instrument = InstrumentId.parse(text)
        except (UnknownInstrument, UnsafeName):
            continue
        assert InstrumentId.parse(str(instrument)) == instrument


@pytest.mark.parametrize(
    "text",
    [
        "BINANCE:SPOT_PAIR:BTC-USDT",
        "BINANCE:PERP:BTC-USDT",
        "BINANCE:PERP:1000SHIB-USDT",
        "BITMEX:PERP:ETH-USD@BTC",
        "OKX:PERP:BTC-USD@USD",
        "BINANCE:FUTURE:BTC-USDT-241227",
        "DERIBIT:OPTION:BTC-USD-100000-241227-CALL",
        "DERIBIT:OPTION:XRP-USDC-0.625-230630-PUT",
        "DERIBIT:COMBO:BTC-USD-FS-241227_PERP",
        "DERIBIT:INDEX:BTC-USD",
        "DERIBIT:INDEX:BTCDVOL",
        "BINANCE:SPOT_PAIR:LIT-USDT~2",
        "BINANCE:SPOT_PAIR:币安人生-USDT",
        "KRAKEN:SPOT_PAIR:USDT%2EE-USD",
    ],
)
def test_canonical_ids_print_as_they_were_written(text: str) -> None:
    assert str(InstrumentId.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("binance:spot:btc-usdt", "BINANCE:SPOT_PAIR:BTC-USDT"),
        ("OKX:SWAP:BTC-USDT", "OKX:PERP:BTC-USDT"),
        ("OKX:PERPETUAL:BTC-USDT", "OKX:PERP:BTC-USDT"),
        ("OKX:FUTURES:BTC-USD-241227", "OKX:FUTURE:BTC-USD-241227"),
        ("DERIBIT:OPTIONS:BTC-USD-100000-241227-C", "DERIBIT:OPTION:BTC-USD-100000-241227-CALL"),
        ("DERIBIT:OPTION:BTC-USD-241227-100000-PUT", "DERIBIT:OPTION:BTC-USD-100000-241227-PUT"),
        ("DERIBIT:OPTION:BTC-USD-241227-99999-CALL", "DERIBIT:OPTION:BTC-USD-99999-241227-CALL"),
        ("DERIBIT:OPTION:BTC-USD-0050000.500-241227-CALL", "DERIBIT:OPTION:BTC-USD-50000.5-241227-CALL"),
        ("OKX:PERP:BTC-USDT@USDT", "OKX:PERP:BTC-USDT"),
        ("BYBIT:PERP:BTC-USD@BTC", "BYBIT:PERP:BTC-USD"),
        ("KRAKEN:SPOT:USDT%2ee-usd", "KRAKEN:SPOT_PAIR:USDT%2EE-USD"),
    ],
)
def test_aliases_and_other_spellings_become_the_canonical_id(text: str, canonical: str) -> None:
    assert str(InstrumentId.parse(text)) == canonical


def test_an_option_whose_strike_looks_like_a_date_keeps_it() -> None:
    instrument = InstrumentId.parse("DERIBIT:OPTION:BTC-USD-100101-241227-CALL")
    assert (instrument.strike, instrument.expiry) == (Decimal(100101), dt.date(2024, 12, 27))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "VENUE:TYPE:SYMBOL"),
        ("BTC-USDT", "VENUE:TYPE:SYMBOL"),
        ("BINANCE:PERP", "VENUE:TYPE:SYMBOL"),
        ("BINANCE:PERP:BTC:USDT", "two colons"),
        ("BINANCE::BTC-USDT", "VENUE:TYPE:SYMBOL"),
        ("BINANCE:SWOP:BTC-USDT", "SPOT_PAIR, PERP"),
        ("BINANCE:PERP:BTCUSDT", "BASE-QUOTE"),
        ("BINANCE:PERP:BTC-", "an asset name"),
        ("BINANCE:PERP:BTC-USDT-241227", "BASE-QUOTE"),
        ("BINANCE:SPOT_PAIR:BTC-USDT@USD", "percent-encoded"),
        ("BINANCE:FUTURE:BTC-USDT-241332", "YYMMDD"),
        ("BINANCE:FUTURE:BTC-USDT-٢٤١٢٢٧", "YYMMDD"),
        ("DERIBIT:OPTION:BTC-USD-1E5-241227-CALL", "decimal"),
        ("DERIBIT:OPTION:BTC-USD-100000-241227-BOTH", "CALL or PUT"),
        ("DERIBIT:OPTION:BTC-USD-100000-CALL", "STRIKE"),
        ("BINANCE:SPOT_PAIR:LIT-USDT~1", "n >= 2"),
        ("BINANCE:SPOT_PAIR:LIT-USDT~٢", "n >= 2"),
        ("BINANCE:SPOT_PAIR:A/B-USDT", "percent-encoded"),
        ("DERIBIT:COMBO:BTC-USD", "STRUCTURE"),
        ("DERIBIT:COMBO:BTC-USD-FS/..", "structure"),
        ("DERIBIT:COMBO:BTC-USD-A..B", "structure"),
        ("1NANCE:PERP:BTC-USDT", "venue"),
    ],
)
def test_text_that_is_no_id_is_refused_and_told_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(UnknownInstrument) as error:
        InstrumentId.parse(text)
    assert expected in str(error.value)


def test_an_id_that_is_too_long_for_a_file_name_is_refused() -> None:
    longest = "B" * (MAX_NAME_BYTES - len("BINANCE:PERP:-USDT"))
    assert len(str(InstrumentId.parse(f"BINANCE:PERP:{longest}-USDT"))) == MAX_NAME_BYTES
    with pytest.raises(UnsafeName, match="longer than 200 bytes"):
        InstrumentId.parse(f"BINANCE:PERP:B{longest}-USDT")


@pytest.mark.parametrize("code", ["%FF", "%00", "A%0A", "%E2%80%8B"])
def test_percent_encoded_bytes_that_hide_control_characters_or_no_text_are_refused(code: str) -> None:
    with pytest.raises(UnsafeName):
        InstrumentId.parse(f"BINANCE:PERP:{code}-USDT")


def test_dollar_and_tether_pairs_are_never_the_same_though_one_is_a_prefix_of_the_other() -> None:
    dollar, tether = InstrumentId.parse("BINANCE:PERP:BTC-USD"), InstrumentId.parse("BINANCE:PERP:BTC-USDT")
    assert str(tether).startswith(str(dollar))
    assert dollar != tether
    assert len({dollar, tether}) == 2


@given(assets(), assets())
def test_settlement_is_base_for_dollars_and_quote_for_all_else_unless_the_id_says_otherwise(base: str, settle: str) -> None:
    dollar = InstrumentId("X", InstrumentType.PERP, base, "USD")
    assert dollar.settlement == base
    assert dollar.is_inverse
    linear = InstrumentId("X", InstrumentType.PERP, base, "USDT")
    assert linear.settlement == "USDT"
    assert linear.is_linear
    other = InstrumentId("X", InstrumentType.PERP, base, "USDT", settle=settle)
    assert other.settlement == settle
    assert other.is_quanto == (settle not in {base, "USDT"})


def test_naming_the_default_settlement_changes_nothing() -> None:
    assert InstrumentId("X", InstrumentType.PERP, "BTC", "USD", settle="BTC") == InstrumentId("X", InstrumentType.PERP, "BTC", "USD")


@pytest.mark.parametrize(
    ("text", "counts_quote"),
    [
        ("DERIBIT:PERP:BTC-USD", True),
        ("DERIBIT:FUTURE:BTC-USD-241227", True),
        ("DERIBIT:OPTION:BTC-USD-100000-241227-CALL", False),
        ("DERIBIT:PERP:BTC-USDC", False),
        ("BITMEX:PERP:ETH-USD@BTC", False),
        ("BINANCE:SPOT_PAIR:BTC-USDT", False),
    ],
)
def test_only_inverse_perps_and_futures_count_their_amounts_in_quote(text: str, *, counts_quote: bool) -> None:
    assert InstrumentId.parse(text).counts_quote is counts_quote


@pytest.mark.parametrize("strike", ["50000", "50000.0", "5E+4", "050000", "50000.000000"])
def test_equal_strikes_give_equal_ids(strike: str) -> None:
    assert str(_option(Decimal(strike))) == "DERIBIT:OPTION:BTC-USD-50000-241227-CALL"
    assert _option(Decimal(strike)) == _option(Decimal(50000))


@pytest.mark.parametrize("strike", ["NaN", "Infinity", "-1", "1E+1000000", "1E-1000000", "1234567890123456789"])
def test_a_strike_that_is_no_plain_decimal_is_refused(strike: str) -> None:
    with pytest.raises(UnknownInstrument, match="strike"):
        _option(Decimal(strike))


def test_strikes_that_differ_in_the_last_of_36_digits_stay_apart() -> None:
    one, other = Decimal("123456789012345678.123456789012345678"), Decimal("123456789012345678.123456789012345679")
    assert _option(one) != _option(other)
    assert InstrumentId.parse(str(_option(one))) == _option(one)


def _option(strike: Decimal) -> InstrumentId:
    return InstrumentId("DERIBIT", InstrumentType.OPTION, "BTC", "USD", dt.date(2024, 12, 27), strike, OptionType.CALL)


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        (InstrumentType.FUTURE, {"quote": "USD"}, "needs expiry"),
        (InstrumentType.SPOT_PAIR, {}, "needs quote"),
        (InstrumentType.PERP, {"quote": "USD", "expiry": dt.date(2024, 12, 27)}, "cannot have expiry"),
        (InstrumentType.SPOT_PAIR, {"quote": "USD", "settle": "USDT"}, "cannot have settle"),
        (InstrumentType.PERP, {"quote": "usd"}, "canonical form"),
        (InstrumentType.PERP, {"quote": "A/B"}, "canonical form"),
        (InstrumentType.FUTURE, {"quote": "USD", "expiry": dt.date(1999, 12, 31)}, "century"),
        (InstrumentType.PERP, {"quote": "USD", "generation": 0}, "generation"),
    ],
)
def test_an_id_refuses_parts_that_do_not_belong_together(kind: InstrumentType, parts: dict[str, object], expected: str) -> None:
    with pytest.raises(UnknownInstrument, match=expected):
        InstrumentId("X", kind, "BTC", **parts)  # type: ignore[arg-type]


@given(instrument_ids(), instrument_ids())
def test_ids_sort_as_their_texts_do(one: InstrumentId, other: InstrumentId) -> None:
    assert [str(instrument) for instrument in sorted([one, other])] == sorted([str(one), str(other)])


NOON = dt.datetime(2024, 8, 8, 12, tzinfo=dt.UTC)


def _instrument(**parts: object) -> Instrument:
    identity = InstrumentId.parse("BINANCE:PERP:1000SHIB-USDT")
    return Instrument(identity, "1000SHIBUSDT", source="test", data_types=("trades",), **parts)  # type: ignore[arg-type]


def test_a_row_spells_out_what_the_id_implies() -> None:
    row = _instrument(base_asset_canonical="SHIB", base_multiplier=1000, available_from=NOON).row()
    assert row["instrument_id"] == "BINANCE:PERP:1000SHIB-USDT"
    assert (row["venue"], row["instrument_type"]) == ("BINANCE", "PERP")
    assert (row["base_asset"], row["base_asset_canonical"], row["quote_asset"]) == ("1000SHIB", "SHIB", "USDT")
    assert (row["settle_asset"], row["inverse"], row["quanto"]) == ("USDT", False, False)
    assert (row["strike"], row["option_type"], row["available_from"]) == (None, None, NOON)
    assert row["data_types"] == ["trades"]


@pytest.mark.parametrize("name", ["expiry", "listed_at", "available_from", "available_to", "known_at"])
def test_a_definition_refuses_a_naive_time(name: str) -> None:
    with pytest.raises(Unusable, match=f"{name} .* is naive"):
        _instrument(**{name: NOON.replace(tzinfo=None)})


def test_a_definition_refuses_an_interval_that_ends_before_it_begins() -> None:
    with pytest.raises(Unusable, match="before it is from"):
        _instrument(available_from=NOON, available_to=NOON - dt.timedelta(seconds=1))


@pytest.mark.parametrize("multiplier", [0.0, -1.0, float("nan"), float("inf")])
def test_a_definition_refuses_a_multiplier_that_is_not_positive(multiplier: float) -> None:
    with pytest.raises(Unusable, match="contract_multiplier"):
        _instrument(contract_multiplier=multiplier)
