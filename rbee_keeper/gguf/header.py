"""The figures of a model file, and the checks that keep it from ending the engine's process."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ..errors import ModelIncompatible
from .reader import TOKENS, GgufArray, GgufHead, Scalar, read_head
from .window import damaged

_MAX_LAYERS = 512
_MAX_EXPERTS = 1024
_MAX_CONTEXT = 2**31 - 1
_MAX_EMBEDDING = 1_048_576
_MAX_HEADS = 65_536
_ROPE_SCALINGS = ("none", "linear", "yarn", "longrope")
_TOKEN_ARRAYS = {
    TOKENS: (8,),
    "tokenizer.ggml.merges": (8,),
    "tokenizer.ggml.scores": (6, 5),
    "tokenizer.ggml.token_type": (5, 4),
}
_NO_TOKENIZERS = ("none", "no_vocab")
_TOKENIZER = "tokenizer.ggml.model"
_GENERAL = frozenset({"general.architecture", "general.type", "general.file_type", _TOKENIZER, *_TOKEN_ARRAYS})
_OF_ARCHITECTURE = frozenset(
    """
    block_count context_length embedding_length attention.head_count attention.head_count_kv attention.key_length
    attention.value_length attention.causal pooling_type rope.scaling.type nextn_predict_layers expert_count
    expert_used_count expert_group_count expert_group_used_count ssm.state_size wkv.head_size
    """.split()  # noqa: SIM905 a list of words reads better as text
)
_STATE_SIZES = ("ssm.state_size", "wkv.head_size")


class Header(Struct, frozen=True, kw_only=True):
    """The figures that are known before the load; 0 or empty where the file does not tell.

    `kv_heads` has one figure for each layer. `pooling` is None in a file that names none; `is_causal` tells whether a
    token sees only those before it.
    """

    architecture: str
    layers: int
    tensors: int
    weights_bytes: int
    context_length: int
    embedding_length: int
    heads: int
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    vocabulary_size: int
    pooling: int | None
    is_causal: bool
    file_type: int | None


def read_header(path: Path) -> Header:
    """Read the whole head and check it.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelIncompatible: it is not a model, or is damaged in a way that the engine would not survive.
    """
    head = read_head(path, is_wanted=_is_wanted)
    if head.tensors == 0:
        raise ModelIncompatible("the file holds no weights, only a vocabulary", hint="use the whole model file")
    _require_vocabulary(head)
    return _checked(head)


def read_figures(path: Path) -> Header:
    """Read the figures alone, without the vocabulary and the list of tensors; for estimates.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelIncompatible: it is not a model, or is damaged in its first part.
    """
    return _checked(read_head(path, is_wanted=_is_wanted, stop_at_vocabulary=True))


def _is_wanted(name: str) -> bool:
    return name in _GENERAL or name.partition(".")[2] in _OF_ARCHITECTURE


def _checked(head: GgufHead) -> Header:
    facts = _Facts(head.values)
    kind = facts.text("general.type")
    architecture = facts.text("general.architecture")
    if kind == "adapter":
        raise ModelIncompatible("the file is an adapter, not a model", hint="name it in the setting lora")
    if architecture == "clip" or kind == "mmproj":
        raise ModelIncompatible("the file is an image projector, not a model", hint="use the model that it belongs to")
    if not architecture:
        raise damaged("it names no architecture")
    facts = _Facts(head.values, architecture)
    layers = facts.bounded("block_count", 1, _MAX_LAYERS)
    header = Header(
        architecture=architecture,
        layers=layers,
        tensors=head.tensors,
        weights_bytes=head.weights_bytes,
        context_length=facts.bounded("context_length", 1, _MAX_CONTEXT),
        embedding_length=(embedding := facts.bounded("embedding_length", 1, _MAX_EMBEDDING)),
        heads=max(heads := facts.per_layer("attention.head_count", layers)),
        kv_heads=facts.per_layer("attention.head_count_kv", layers, heads),
        key_length=facts.number("attention.key_length", embedding // max(*heads, 1)),
        value_length=facts.number("attention.value_length", embedding // max(*heads, 1)),
        vocabulary_size=facts.count(TOKENS),
        pooling=facts.optional("pooling_type"),
        is_causal=bool(facts.number("attention.causal", 1)),
        file_type=_Facts(head.values).optional("general.file_type"),
    )
    _require_attention(header, heads, facts)
    if not architecture.startswith("hunyuan"):
        _require_experts(facts, layers)
    if facts.text("rope.scaling.type", "linear") not in _ROPE_SCALINGS:
        raise damaged("its kind of position scaling is unknown")
    if facts.number("nextn_predict_layers") > layers:
        raise damaged("it predicts with more layers than it has")
    return header


class _Facts:
    """Looks figures up, those of one architecture when it is named."""

    def __init__(self, values: Mapping[str, Scalar | GgufArray], architecture: str = "") -> None:
        self._values = values
        self._prefix = f"{architecture}." if architecture else ""

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(self._prefix + name, default)
        return value if isinstance(value, str) else ""

    def optional(self, name: str) -> int | None:
        value = self._values.get(self._prefix + name)
        return value if isinstance(value, int) else None

    def number(self, name: str, default: int = 0) -> int:
        found = self.optional(name)
        return default if found is None else found

    def bounded(self, name: str, low: int, high: int) -> int:
        """Return a figure that every model has."""
        value = self.optional(name)
        if value is None or not low <= value <= high:
            raise damaged(f"its {name.replace('_', ' ')} is missing or impossible")
        return value

    def count(self, name: str) -> int:
        value = self._values.get(name)
        return value.count if isinstance(value, GgufArray) else 0

    def per_layer(self, name: str, layers: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return one figure for each layer; files give one for all, or a list."""
        value = self._values.get(self._prefix + name)
        if value is None:
            return default or (0,) * layers
        figures = value.values if isinstance(value, GgufArray) else (value,) * layers
        if len(figures) != layers or not all(isinstance(each, int) and 0 <= each <= _MAX_HEADS for each in figures):
            raise damaged(f"its {name.partition('.')[2].replace('_', ' ')} is impossible")
        return tuple(int(each) for each in figures)


def _require_attention(header: Header, heads: tuple[int, ...], facts: _Facts) -> None:
    if not any(heads):
        if any(facts.number(name) for name in _STATE_SIZES):
            return
        raise damaged("its head count is missing or impossible")
    if max(header.key_length, header.value_length) > _MAX_HEADS:
        raise damaged("the length of its keys or values is impossible")
    for all_heads, kv_heads in zip(heads, header.kv_heads, strict=True):
        if kv_heads and all_heads % kv_heads:
            raise damaged("its counts of heads do not fit each other")


def _require_experts(facts: _Facts, layers: int) -> None:
    experts = facts.number("expert_count")
    used = max(facts.per_layer("expert_used_count", layers))
    groups, groups_used = facts.number("expert_group_count"), facts.number("expert_group_used_count")
    are_possible = used <= experts <= _MAX_EXPERTS and (used > 0) == (experts > 0) and groups < max(experts, 1)
    if groups > 1:
        are_possible = are_possible and experts % groups == 0 and 0 < groups_used < groups
    if not are_possible:
        raise damaged("its counts of experts do not fit each other")


def _require_vocabulary(head: GgufHead) -> None:
    for name, kinds in _TOKEN_ARRAYS.items():
        value = head.values.get(name)
        if value is not None and not (isinstance(value, GgufArray) and value.kind in kinds):
            raise damaged("its vocabulary is of the wrong type")
    model = head.values.get(_TOKENIZER)
    if model is None:
        return
    if model in _NO_TOKENIZERS:
        raise ModelIncompatible("the file has no vocabulary: it makes nothing of a text", hint="use another model file")
    tokens = head.values.get(TOKENS)
    if not isinstance(tokens, GgufArray) or tokens.count == 0:
        raise damaged("its vocabulary is empty")
    if head.repeats_tokens and model != "hybriddna":
        raise damaged("a token is there twice")
    if model == "llama" and not head.has_all_bytes:
        raise damaged("its vocabulary lacks tokens for single bytes, so that there are texts it cannot write")
