"""Frames: JSON objects on a stream of bytes, compressed and with bounds.

A frame is its length in four bytes, the most significant first, and that many bytes of deflated
JSON. Each direction is one deflate stream, so that what repeats from frame to frame costs little.
The bytes that end each flush of such a stream, always the same, are left out (as in RFC 7692). A
frame of no bytes is a heartbeat.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

PROTOCOL = 1
"""Version of the messages; both sides must have the same."""
HEARTBEAT = 2.0
"""Seconds between two frames of the agent, at most."""
MAX_FRAME = 1 << 24
"""Bytes of one frame, on the line and as JSON."""
WINDOW = 1 << 16
"""Bytes that may be on the way to this side: a slow line then has the newest state soon."""
ACKNOWLEDGED = 1 << 13
"""This side says after this number of bytes that it has received them."""
_LENGTH = struct.Struct(">I")
_FLUSHED = b"\0\0\xff\xff"
_EMPTY = _LENGTH.pack(0)

Message = dict[str, Any]


class ProtocolError(ValueError):
    """The other side does not keep to the protocol."""


class FrameWriter:
    """Makes the frames of one direction."""

    def __init__(self) -> None:
        # Without a header: raw deflate.
        self._compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)

    def frame(self, message: Message) -> bytes:
        """Return the frame of a message; an empty one is a heartbeat.

        Raises:
            ProtocolError: It is larger than a frame may be.
        """
        if not message:
            return _EMPTY
        text = json.dumps(message, separators=(",", ":")).encode()
        if len(text) > MAX_FRAME:
            raise ProtocolError(f"a message of {len(text):,} bytes is too large")
        data = self._compressor.compress(text) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        data = data.removesuffix(_FLUSHED)
        return _LENGTH.pack(len(data)) + data


class FrameReader:
    """Reads the frames of one direction.

    Args:
        read: Reads a number of bytes, or fewer at the end of the stream.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.size = 0
        """Bytes read so far."""

    def next(self) -> Message | None:
        """Return the next message, empty for a heartbeat; None at the end of the stream.

        A connection can be lost within a frame, which is the end of the stream too.

        Raises:
            ProtocolError: What was read is no frame.
        """
        head = self._read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > MAX_FRAME:
            raise ProtocolError(f"a frame of {length:,} bytes")
        data = self._read(length)
        if len(data) < length:
            return None
        self.size += _LENGTH.size + length
        return self._decode(data) if data else {}

    def _decode(self, data: bytes) -> Message:
        try:
            text = self._inflater.decompress(data + _FLUSHED, MAX_FRAME + 1)
        except zlib.error:
            raise ProtocolError("a frame that cannot be decompressed") from None
        if len(text) > MAX_FRAME or self._inflater.unconsumed_tail or self._inflater.eof:
            raise ProtocolError("a frame that is larger than it may be")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise ProtocolError("a frame that is not JSON") from None
        if not isinstance(message, dict):
            raise ProtocolError("a frame that is no message")
        return message
