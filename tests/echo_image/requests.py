"""What clients ask for and get, and the same in the engine's terms."""

from dataclasses import dataclass, field

from rbee_keeper.contract.operations.operation import Operation
from rbee_keeper.contract.wire import Message
from rbee_keeper.workers.engine import Prepared


class ImageRequest(Message, frozen=True, kw_only=True):
    """What to paint."""

    prompt: str


class Image(Message, frozen=True, kw_only=True):
    """A PNG file, as base64."""

    b64_json: str


class ImageList(Message, frozen=True, kw_only=True):
    """The answer."""

    created: int
    data: list[Image]


GENERATE_IMAGE: Operation[ImageRequest, ImageList] = Operation(
    name="generate_image",
    method="POST",
    path="/v1/images/generations",
    right="submit",
    about="Paints one image.",
    request=ImageRequest,
    response=ImageList,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage(Prepared):
    """One image to make; the engine's thread appends the rows of pixels to `rows`, one for each step."""

    pixels: bytes
    width: int
    rows: list[bytes] = field(default_factory=list)
