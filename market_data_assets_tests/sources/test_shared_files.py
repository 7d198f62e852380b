"""Files that many ask for: fetched once, also when they ask at once, and a failure is everybody's."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from market_data_assets.errors import BadData, MarketDataError, NotListed, QuotaExhausted, Retryable, SchemaDrift
from market_data_assets.sources.shared_files import SharedFiles


class File:
    pass


def test_a_file_is_fetched_once_by_whoever_comes_first() -> None:
    fetched: list[str] = []
    begun = threading.Event()

    def fetch(key: str) -> File:
        fetched.append(key)
        begun.wait(0.2)
        return File()

    shelf = SharedFiles[str, File](fetch)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shelf.get, ["a", "b", "a", "a", "b", "a", "a", "b"]))
    assert sorted(fetched) == ["a", "b"]
    assert len({id(answer) for answer in answers}) == 2
    assert shelf.get("a") is answers[0]


@pytest.mark.parametrize(
    "error",
    [
        NotListed("no such file"),
        Retryable("the network failed"),
        SchemaDrift("columns are missing"),
        QuotaExhausted("what", 900),
        BadData("what", rows=9, rejected={"price_missing": 3}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_is_everybodys_with_the_same_message(error: MarketDataError) -> None:
    asked = 0

    def fetch(_: str) -> File:
        nonlocal asked
        asked += 1
        raise error

    shelf = SharedFiles[str, File](fetch)
    seen = []
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            shelf.get("a")
        seen.append(caught.value)
    assert asked == 1
    assert {str(each) for each in seen} == {str(error)}
    assert {repr(sorted(vars(each).items())) for each in seen} == {repr(sorted(vars(error).items()))}
    assert len({id(each) for each in seen}) == 3


def test_an_error_that_is_none_of_ours_is_not_kept() -> None:
    answers = iter([ZeroDivisionError(), File()])

    def fetch(_: str) -> File:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shelf = SharedFiles[str, File](fetch)
    with pytest.raises(ZeroDivisionError):
        shelf.get("a")
    assert isinstance(shelf.get("a"), File)


def test_files_go_with_the_shelf_and_without_waiting_for_the_collector() -> None:
    gc.disable()
    try:
        shelf = SharedFiles[str, File](lambda _: File())
        watched = weakref.ref(shelf.get("a"))
        failing = SharedFiles[str, File](lambda _: (_ for _ in ()).throw(NotListed("no")))
        with pytest.raises(NotListed):
            failing.get("a")
        assert watched() is not None
        del shelf
        assert watched() is None
    finally:
        gc.enable()


def test_clearing_gives_back_what_was_there() -> None:
    shelf = SharedFiles[str, File](lambda _: File())
    first = shelf.get("a")
    assert shelf.clear() == [first]
    assert shelf.get("a") is not first
