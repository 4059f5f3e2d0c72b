"""Engine options: how a worker loads its model, and the room it gives to contexts."""

from math import isfinite

from ...errors import ConfigInvalid
from ..wire import Message
from .engine_words import EngineLogLevel, FlashAttention, KvType

_WHOLE_KV_TYPES = ("f32", "f16", "bf16")


class LoraAdapter(Message, frozen=True, kw_only=True, omit_defaults=True):
    """An adapter file that is added to the model, and how strongly."""

    path: str
    scale: float = 1.0


class EngineOptions(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine may be told about a load; 0 and empty leave the choice to it.

    `kv_tokens` is the room of the cache over all slots, in tokens. `tensor_split` are the shares of several devices;
    without it the model is on one device.
    """

    mmap: bool = True
    mlock: bool = False
    kv_tokens: int = 0
    threads_batch: int = 0
    batch_tokens: int = 512
    kv_type_k: KvType = "f16"
    kv_type_v: KvType = "f16"
    flash_attention: FlashAttention = "auto"
    tensor_split: tuple[float, ...] = ()
    lora: tuple[LoraAdapter, ...] = ()
    log_level: EngineLogLevel = "WARN"


def require_consistent(options: EngineOptions) -> None:
    """Refuse options that contradict each other.

    Raises:
        ConfigInvalid: with the settings that have to change.
    """
    if options.kv_type_v not in _WHOLE_KV_TYPES and options.flash_attention == "off":
        raise ConfigInvalid(
            "a quantised kv_type_v needs flash attention, which is off",
            hint="set flash_attention to auto, or kv_type_v to f16",
        )
    if options.tensor_split and not (all(map(_is_share, options.tensor_split)) and any(options.tensor_split)):
        raise ConfigInvalid("tensor_split gives no device a share", hint="set it to shares such as 3,1")
    if not all(isfinite(adapter.scale) for adapter in options.lora):
        raise ConfigInvalid("the scale of an adapter in lora must be a finite number", hint="use FILE=SCALE")


def _is_share(share: float) -> bool:
    return isfinite(share) and share >= 0


def parse_lora(text: str) -> LoraAdapter:
    """Read `path` or `path=scale`; an equals sign that no number follows is a part of the path."""
    path, sign, scale = text.rpartition("=")
    try:
        return LoraAdapter(path=path, scale=float(scale)) if sign and path else LoraAdapter(path=text)
    except ValueError:
        return LoraAdapter(path=text)


def parse_shares(text: str) -> tuple[float, ...]:
    """Read shares such as `3,1`; the text has been checked."""
    return tuple(float(share) for share in text.split(",") if share)
