"""For how long what was last said still holds, where nothing has been said since."""

MAX_AGE = 300_000_000
"""µs. The slowest feeds, of funding rates, send every minute; a feed silent for five is taken to be down, or its subject to be gone.

A value of a ticker counts and a book stands for so long after its row, and no longer whether or not another row follows: what
is known of a moment must not depend on what comes after it.
"""
