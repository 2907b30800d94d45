"""CODECS: one entry per compressed transfer syntax; each turns a frame's code stream into pixels.

imagecodecs (BSD) decodes every family here straight into the volume. Before a native decoder sees
a stream, its own size claim is held against the header's, so that a few bytes cannot make it
allocate gigabytes. All of this runs in a decoder process (see `decoders`): a stream that brings
the native code down costs one picture.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.volume import Array
from viewer.reading.header.limits import check_compressed
from viewer.reading.pixels.codestream import claimed_size, mixes_components
from viewer.reading.pixels.colour import to_rgb
from viewer.reading.pixels.rle import decode_rle, unpack_bits
from viewer.reading.stacking.frame import PixelSpec

Decode = Callable[[bytes, PixelSpec, Array | None], Array]


@dataclass(frozen=True, slots=True)
class Codec:
    """A decoder.

    Attributes:
        decode: code stream, description, optional target -> [rows, columns] or [rows, columns, 3];
            the target itself where it could be written to.
        colour: True where colour comes out as RGB whatever the photometric interpretation says.
        function: of imagecodecs, which imports its library at first use; "" for none.
    """

    name: str
    decode: Decode
    colour: bool = False
    function: str = ""


def _into(function: Callable[..., Any], data: bytes, target: Array | None, **options: Any) -> Array:
    """Decode into `target` where type and shape allow (signed targets also as unsigned), else anew."""
    if target is not None:
        views = [target] if target.dtype.kind != "i" else [target.view(f"u{target.itemsize}"), target]
        for view in views:
            try:
                return np.asarray(function(data, out=view, **options))
            except (ValueError, TypeError):
                # The stream has another type than the header says: the caller sorts that out.
                continue
    return np.asarray(function(data, **options))


def _jpeg(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    """Baseline, extended and progressive JPEG (libjpeg-turbo)."""
    import imagecodecs

    if spec.samples == 3 and spec.photometric == "RGB" and not _says_ycc(data):
        # Without a marker libjpeg takes three components for YCbCr; the header says they are RGB.
        return _into(imagecodecs.jpeg8_decode, data, target, colorspace="RGB", outcolorspace="RGB")
    return _into(imagecodecs.jpeg8_decode, data, target)


def _says_ycc(data: bytes) -> bool:
    """True where a whole Adobe marker names the YCbCr transform."""
    marker = data.find(b"\xff\xee\x00\x0eAdobe", 0, 4096)
    return marker >= 0 and data[marker + 15 : marker + 16] == b"\1"


def _lossless(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    """Lossless JPEG (libjpeg-turbo): components come out as stored.

    liblj92 and jpegsof3, the other decoders at hand, crash on damaged streams.
    """
    import imagecodecs

    options = {} if spec.samples == 1 else {"colorspace": "RGB", "outcolorspace": "RGB"}
    return _into(imagecodecs.jpeg8_decode, data, target, **options)


def _jpegls(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    import imagecodecs

    return _into(imagecodecs.jpegls_decode, data, target)


def _jpeg2000(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    import imagecodecs

    pixels = _into(imagecodecs.jpeg2k_decode, data, target, numthreads=1)
    if spec.samples == 3 and spec.photometric.startswith("YBR_FULL") and not mixes_components(data):
        # Luma and chroma were stored as they are: the decoder has left them so.
        return to_rgb(pixels, spec.photometric, spec.stored)
    return pixels


def _jpegxl(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    import imagecodecs

    return _into(imagecodecs.jpegxl_decode, data, target, numthreads=1)


def _rle(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    """RLE Lossless: colour comes in planes, single bits packed with the first pixel in the lowest bit."""
    pixels = spec.rows * spec.columns
    if spec.allocated == 1:
        packed = unpack_bits(data[int.from_bytes(data[4:8], "little") :], (pixels + 7) // 8)
        return _bits(np.frombuffer(packed, np.uint8), spec)
    kind = np.dtype(f"<u{spec.allocated // 8}")
    if target is not None and target.dtype.itemsize == kind.itemsize and spec.samples == 1:
        decode_rle(data, kind, pixels, target.reshape(-1).view(kind))
        return target
    planes = decode_rle(data, kind, spec.samples * pixels, None).reshape(spec.samples, spec.rows, spec.columns)
    return np.asarray(planes[0] if spec.samples == 1 else planes.transpose(1, 2, 0))


def _bits(packed: Array, spec: PixelSpec) -> Array:
    bits = np.unpackbits(packed, bitorder="little")
    return bits[: spec.rows * spec.columns].reshape(spec.rows, spec.columns)


def _deflated_frame(data: bytes, spec: PixelSpec, target: Array | None) -> Array:
    """Deflated Image Frame Compression (PS3.5 A.4.14)."""
    raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, spec.frame_bytes + 1)
    if spec.allocated == 1:
        return _bits(np.frombuffer(raw, np.uint8), spec)
    pixels = np.frombuffer(raw[: spec.frame_bytes], dtype=f"<u{spec.allocated // 8}")
    if spec.samples == 1:
        return pixels.reshape(spec.rows, spec.columns)
    if spec.planar:
        return pixels.reshape(spec.samples, spec.rows, spec.columns).transpose(1, 2, 0)
    return pixels.reshape(spec.rows, spec.columns, spec.samples)


_J = "1.2.840.10008.1.2.4."
CODECS: dict[str, Codec] = {
    "1.2.840.10008.1.2.5": Codec("RLE", _rle, function="dicomrle_decode"),
    "1.2.840.10008.1.2.8.1": Codec("deflated frames", _deflated_frame),
    **{_J + n: Codec("JPEG", _jpeg, True, "jpeg8_decode") for n in ("50", "51", "52", "53", "54", "55", "56")},
    **{_J + n: Codec("lossless JPEG", _lossless, function="jpeg8_decode") for n in ("57", "58", "70")},
    **{_J + n: Codec("JPEG-LS", _jpegls, function="jpegls_decode") for n in ("80", "81")},
    **{
        _J + n: Codec("JPEG 2000", _jpeg2000, True, "jpeg2k_decode")
        for n in ("90", "91", "92", "93", "201", "202", "203")
    },
    **{_J + n: Codec("JPEG XL", _jpegxl, True, "jpegxl_decode") for n in ("110", "111", "112")},
}
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
_VIDEO = tuple(_J + n for n in ("100", "101", "102", "103", "104", "105", "106", "107", "108"))


def codec_for(syntax: str) -> Codec:
    """The decoder of a compressed syntax.

    Raises:
        ReadError: code unsupported_syntax.
    """
    codec = CODECS.get(syntax)
    if codec is not None:
        return codec
    what = "video (MPEG)" if syntax in _VIDEO else f"the transfer syntax {syntax}"
    raise ReadError(
        f"The pictures are stored as {what}, which this program does not decode.",
        "Ask the sender for an uncompressed copy.",
        "unsupported_syntax",
    )


def preload(syntax: str) -> None:
    """Import the library of a syntax; only what all share where none is named."""
    import imagecodecs

    codec = CODECS.get(syntax)
    if codec is not None and codec.function:
        getattr(imagecodecs, codec.function)


def too_hungry() -> ReadError:
    """A picture whose decoding takes more memory than it may."""
    return ReadError(
        "Decoding this picture takes more memory than its size explains: it is damaged.",
        "Ask for a new copy.",
        "too_large",
    )


def decode(data: bytes, spec: PixelSpec, target: Array | None = None) -> Array:
    """Decode one frame, straight into `target` where that is possible.

    Returns:
        [rows, columns] or [rows, columns, samples], unsigned or signed as the stream says.

    Raises:
        ReadError: the stream is damaged, claims another size, or the syntax is not decoded.
    """
    codec = codec_for(spec.syntax)
    check_compressed(spec.frame_bytes, len(data))
    size = claimed_size(data)
    if size is not None and size != (spec.rows, spec.columns):
        raise ReadError(
            f"A compressed picture is {size[1]} x {size[0]}, its header says {spec.columns} x {spec.rows}.",
            "Ask for a new copy.",
        )
    try:
        pixels = codec.decode(data, spec, target)
    except (
        ValueError,
        RuntimeError,
        TypeError,
        IndexError,
        OverflowError,
        struct.error,
        zlib.error,
    ) as error:
        raise ReadError(f"A {codec.name} picture is damaged and cannot be decoded.", "Ask for a new copy.") from error
    shape = (spec.rows, spec.columns) if spec.samples == 1 else (spec.rows, spec.columns, spec.samples)
    if pixels.shape != shape:
        raise ReadError(f"A {codec.name} picture has another size or number of colours than its header says.")
    return pixels
