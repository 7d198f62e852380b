"""Warehouses that say what they were asked."""

from collections import Counter


class Asked:
    """Passes everything on to a warehouse, and counts the questions by name."""

    def __init__(self, warehouse) -> None:
        self._warehouse = warehouse
        self.questions: Counter[str] = Counter()

    def __getattr__(self, name):
        self.questions[name] += 1
        return getattr(self._warehouse, name)


class Silent:
    """A warehouse that answers every question with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name):
        def fail(*arguments, **options):
            raise self._error

        return fail
