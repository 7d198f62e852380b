import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.assets import asset_code, asset_name, fold_upper
from market_data_assets.errors import UnsafeName


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("btc", "BTC"),
        ("1INCH", "1INCH"),
        ("USDT.e", "USDT%2EE"),
        ("A-B", "A%2DB"),
        ("A_B", "A%5FB"),
        ("..", "%2E%2E"),
        ("A/B", "A%2FB"),
        ("A B", "A%20B"),
        ("100%", "100%25"),
        ("币安人生", "币安人生"),
        ("É", "É"),
    ],
)
def test_all_but_letters_and_digits_is_percent_encoded(name: str, code: str) -> None:
    assert asset_code(name) == code
    assert asset_name(code) == fold_upper(name)


@pytest.mark.parametrize("name", ["", " ", "\n", "A\0B", "A\x1fB", "A\x7f", "A\u200bB", "A\u202eB", "\ud800"])
def test_blank_and_invisible_names_are_refused_and_shown(name: str) -> None:
    with pytest.raises(UnsafeName) as error:
        asset_code(name)
    assert repr(name) in str(error.value)


@given(st.text(min_size=1, max_size=8))
def test_decoding_gives_back_what_was_encoded(name: str) -> None:
    try:
        code = asset_code(name)
    except UnsafeName:
        return
    assert asset_name(code) == fold_upper(name)
    assert asset_code(asset_name(code)) == code
    assert not set(code) & set(":/\\@- .~")


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_names_share_a_code_only_if_they_differ_in_case_alone(one: str, other: str) -> None:
    try:
        same = asset_code(one) == asset_code(other)
    except UnsafeName:
        return
    assert same == (fold_upper(one) == fold_upper(other))


@given(st.text(max_size=8))
def test_raising_to_upper_case_forgets_the_case_it_came_from(text: str) -> None:
    upper = fold_upper(text)
    for spelling in (upper, upper.lower(), upper.casefold(), upper.swapcase()):
        assert fold_upper(spelling) == upper
