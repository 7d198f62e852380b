"""Row 18: whatever a name holds, it is refused, or it is one object of its own inside the root, found again under that name."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market_data_assets.errors import UnsafeName
from market_data_assets.storage.names import checked_name
from market_data_assets_tests.reliability.places import Place

PARTS = st.text(string.ascii_letters + string.digits + ":%+#?&=@ -_.~$'\"*[]<>|äÄ日🙂\u0301", min_size=1, max_size=12)
TWINS = ("BTC-usdt", "BTC-USDT", "BTC%2DUSDT", "BTC-USDT%00", "e\u0301", "é", "a%2Fb", "a+b", "a b")
REFUSED = ("../a", "/a", "a/../b", "a//b", ".hidden", "a/.b", "a\\b", "a\0", "a\nb", "x" * 300, "/".join(["y" * 200] * 6), "\ud800", "")


def is_allowed(name: str) -> bool:
    try:
        return bool(checked_name(name))
    except UnsafeName:
        return False


NAMES = st.lists(st.lists(PARTS, min_size=1, max_size=3).map("/".join).filter(is_allowed), unique=True, min_size=1, max_size=4)


def check_names(place: Place, names) -> None:
    store, other = place.new(), place.new()
    for number, name in enumerate(names):
        store.put(name, b"%d" % number, if_generation=0)
    assert [listed.name for listed in store.list("")] == sorted(names, key=str.encode)
    for number, name in enumerate(names):
        assert bytes(store.get(name).data) == b"%d" % number
        assert store.head(name).generation > 0
    assert list(other.list("")) == []


def test_row_18_twins_are_objects_of_their_own(place: Place):
    check_names(place, TWINS)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_row_18_names_are_distinct_contained_and_found_again(place: Place, names):
    # A local disk cannot hold an object where it has a folder.
    check_names(place, [name for name in names if not any(other.startswith(f"{name}/") for other in names)])


def test_row_18_refused_names_reach_no_store(place: Place):
    store = place.new()
    store.put("a", b"1", if_generation=0)
    for name in REFUSED:
        for operation in (
            lambda name=name: store.put(name, b"", if_generation=0),
            lambda name=name: store.get(name),
            lambda name=name: store.head(name),
            lambda name=name: store.move("a", name, if_generation=0),
            lambda name=name: store.delete(name, if_generation=1),
        ):
            with pytest.raises(UnsafeName):
                operation()
    assert [listed.name for listed in store.list("")] == ["a"]
