"""A form with a file, read as it comes: fields first, then the file's bytes, never on our disk.

Starlette's own reader would spool a large file to a temporary one in the clear.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.multipart import MultipartParser, parse_options_header

from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGEST_FILE = 20 * 1024 * 1024
_LARGEST_FIELD = 1_024
_MOST_FIELDS = 8


class TooBigError(RefusedError):
    """The file is larger than may be taken."""


class NoFormError(RefusedError):
    """What came is not a form with a file."""


@dataclass(slots=True)
class _Part:
    name: str = ""
    is_file: bool = False
    value: bytearray = field(default_factory=bytearray)


class Upload:
    """One form under way.

    Args:
        content_type: As the request says it.
        body: The request's body in pieces.
        largest: Bytes a file may have.
    """

    def __init__(
        self, content_type: str, body: AsyncIterator[bytes], *, largest: int = LARGEST_FILE
    ) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise NoFormError("not-a-form")
        self.fields: dict[str, str] = {}
        self.size = 0
        self._body = body
        self._largest = largest
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._ready: list[bytes] = []
        self._file_begun = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    async def open(self) -> None:
        """Read up to where the file begins.

        Raises:
            RefusedError: There is no file, or the fields before it are not ours.
        """
        async for piece in self._body:
            self._write(piece)
            if self._file_begun:
                return
        raise NoFormError("no-file")

    async def stream(self) -> AsyncIterator[bytes]:
        """Give the file's bytes as they come.

        Raises:
            TooBigError: It is larger than may be taken.
        """
        while self._ready:
            yield self._ready.pop(0)
        async for piece in self._body:
            self._write(piece)
            while self._ready:
                yield self._ready.pop(0)

    def _write(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except ValueError:
            raise NoFormError("broken-form") from None

    def _begin(self) -> None:
        self._part = _Part()
        if len(self.fields) > _MOST_FIELDS:
            raise NoFormError("too-many-fields")

    def _header_end(self) -> None:
        name, value = bytes(self._header[0]).lower(), bytes(self._header[1])
        self._header = (bytearray(), bytearray())
        if name != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._part.name = options.get(b"name", b"").decode(errors="replace")
        # The file's own name is dropped here: it may say who somebody is.
        self._part.is_file = b"filename" in options and not self._file_begun
        self._file_begun = self._file_begun or self._part.is_file

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self.size += end - start
            if self.size > self._largest:
                raise TooBigError("too-big")
            self._ready.append(data[start:end])
        elif len(self._part.value) + end - start > _LARGEST_FIELD:
            raise NoFormError("field-too-long")
        else:
            self._part.value.extend(data[start:end])

    def _end(self) -> None:
        if not self._part.is_file:
            self.fields[self._part.name] = self._part.value.decode(errors="replace")
