from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.remote.protocol import MAX_FRAME, FrameReader, FrameWriter, ProtocolError

MESSAGES = st.lists(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.lists(st.integers())),
    max_size=5,
)


def framed(data: bytes) -> bytes:
    """Some bytes as one frame."""
    return struct.pack(">I", len(data)) + data


def deflated(text: bytes) -> bytes:
    """A text as the first frame of a stream has it."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


@given(MESSAGES)
def test_messages_arrive_in_order(messages: list[dict[str, Any]]) -> None:
    """An empty one is a heartbeat of four bytes; then the stream ends."""
    writer = FrameWriter()
    stream = b"".join(map(writer.frame, messages))
    reader = FrameReader(io.BytesIO(stream).read)
    assert [reader.next() for _ in messages] == messages
    assert reader.next() is None
    assert reader.size == len(stream)
    assert writer.frame({}) == b"\0\0\0\0"


def test_what_repeats_costs_little() -> None:
    """Also from one frame to the next."""
    writer = FrameWriter()
    text = "0123456789abcdefghijklmnopqrstuvwxyz"
    first, second = (len(writer.frame({"note": text})) for _ in range(2))
    assert second < first / 2


@given(st.binary(max_size=200))
def test_garbage_ends_the_stream(data: bytes) -> None:
    """With one kind of error, whatever it is."""
    for stream in (data, framed(data), framed(deflated(data))):
        reader = FrameReader(io.BytesIO(stream).read)
        try:
            while reader.next() is not None:
                pass
        except ProtocolError as error:
            assert str(error)  # noqa: PT017 - some garbage is a message


BAD: dict[str, Callable[[], bytes]] = {
    "huge": lambda: struct.pack(">I", MAX_FRAME + 1),
    "a bomb": lambda: framed(deflated(b"[" + b" " * (4 * MAX_FRAME) + b"]")),
    "no object": lambda: framed(deflated(b"[]")),
    "deep": lambda: framed(deflated(b"[" * 1_000_000)),
    "no deflate stream": lambda: framed(b"\xff" * 20),
    "the end of a deflate stream": lambda: framed(zlib.compress(b"{}")[2:-4]),
}


@pytest.mark.parametrize("make_stream", BAD.values(), ids=BAD)
def test_frames_are_bounded(make_stream: Callable[[], bytes]) -> None:
    """By their size on the line and by their inflated size."""
    with pytest.raises(ProtocolError):
        FrameReader(io.BytesIO(make_stream()).read).next()


@pytest.mark.parametrize("stream", [b"", b"\0\0", struct.pack(">I", 9) + b"abc"])
def test_a_stream_may_end_within_a_frame(stream: bytes) -> None:
    """A lost connection is no fault of the other side: ssh says why it was lost."""
    assert FrameReader(io.BytesIO(stream).read).next() is None


def test_what_is_sent_is_bounded_too() -> None:
    """The other side would refuse it."""
    with pytest.raises(ProtocolError, match="too large"):
        FrameWriter().frame({"x": "y" * MAX_FRAME})
