"""Props: what a worker tells about its model, its limits and its defaults."""

from typing import Any

from ..wire import Message
from .tokens import TokenPiece


class Modalities(Message, frozen=True, kw_only=True):
    """What a prompt may hold beside text."""

    vision: bool
    audio: bool


class DefaultSettings(Message, frozen=True, kw_only=True):
    """The context of one slot, and the sampling of an execution that says nothing about it."""

    n_ctx: int
    params: dict[str, Any]


class Props(Message, frozen=True, kw_only=True):
    """The answer of `GET /props`, in llama-server's names where it has one.

    `model_path` is the name of the file without its folders. `end_tokens` are those with which the model says that it
    is done.
    """

    version: str
    model: str
    model_path: str
    total_slots: int
    context_tokens: int
    default_generation_settings: DefaultSettings
    chat_template: str
    bos_token: str
    eos_token: str
    end_tokens: list[TokenPiece]
    modalities: Modalities
    build_info: str
    system_info: str
