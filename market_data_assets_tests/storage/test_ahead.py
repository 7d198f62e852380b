import threading

import pytest

from market_data_assets.storage.ahead import ahead


def test_items_come_in_order_and_each_is_made_while_the_one_before_is_worked_on() -> None:
    made: list[int] = []
    second = threading.Event()

    def items():
        for number in range(5):
            made.append(number)
            if number == 1:
                second.set()
            yield number

    with ahead(items()) as found:
        assert next(found) == 0
        assert second.wait(timeout=10)
        assert list(found) == [1, 2, 3, 4]


def test_error_of_an_item_reaches_the_caller_at_its_turn() -> None:
    def items():
        yield 1
        raise ValueError("second")

    with ahead(items()) as found:
        assert next(found) == 1
        with pytest.raises(ValueError, match="second"):
            next(found)


def test_no_thread_is_left_when_the_caller_gives_up() -> None:
    def names() -> set[str]:
        return {thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")}

    with ahead(iter(range(10))) as found:
        next(found)
        assert names()
    assert not names()
