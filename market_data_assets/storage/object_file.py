"""A stored object as a file for pyarrow: in place where the store can, by ranged reads where it cannot."""

import io

import pyarrow as pa

from market_data_assets.storage.stores.base import Store


def open_object(store: Store, name: str, *, generation: int, size: int) -> pa.NativeFile:
    """The object ``name`` as it is at ``generation``.

    Raises:
        ObjectMissing: it is no longer at that generation; with ranged reads this may show on a later read.
    """
    if store.reads_in_place:
        return pa.BufferReader(pa.py_buffer(store.get(name, generation=generation).data))
    return pa.PythonFile(_RangedFile(store, name, generation, size), mode="r")


class _RangedFile(io.RawIOBase):
    """Reads ranges of one generation of an object, so that a replaced object is never read half old, half new."""

    def __init__(self, store: Store, name: str, generation: int, size: int) -> None:
        super().__init__()
        self._store, self._name, self._generation, self._size = store, name, generation, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        data = self._store.get(self._name, start=self._position, end=end, generation=self._generation).data
        self._position = end
        return bytes(data)
