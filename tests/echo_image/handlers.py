"""The handler: a request in, the finished image out."""

import base64
import struct
import time
import zlib

from starlette.requests import Request
from starlette.responses import Response

from rbee_keeper.daemon.messages import decode_message, read_body, respond
from rbee_keeper.daemon.routing import Handlers
from rbee_keeper.workers.executions.whole_result import WholeResults
from rbee_keeper.workers.loader import LoadedModel, Serving

from .requests import GENERATE_IMAGE, Image, ImageList, PreparedImage


def image_handlers(model: LoadedModel, serving: Serving) -> Handlers:
    """Return what answers which operation."""
    results = WholeResults[PreparedImage](model, serving)

    async def generate(request: Request) -> Response:
        body = await read_body(request, serving.body_limit_bytes)
        wanted = decode_message(body, GENERATE_IMAGE)
        image = await results.of(request, wanted, body_bytes=len(body))
        data = base64.b64encode(png_of(image.rows, image.width)).decode()
        return respond(GENERATE_IMAGE, ImageList(created=int(time.time()), data=[Image(b64_json=data)]))

    return {GENERATE_IMAGE: generate}


def png_of(rows: list[bytes], width: int) -> bytes:
    """Return the rows as a grey PNG."""
    pixels = b"".join(b"\0" + row for row in rows)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
