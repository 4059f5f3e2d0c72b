"""LoRA adapters: small files that change a model's weights."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....contract.inference.engine_options import LoraAdapter
from ....errors import ModelIncompatible, ModelNotFound
from ....gguf.reader import GgufArray, read_head
from .library import api

_FACTS = ("general.", "adapter.")
_ALPHA = "adapter.lora.alpha"
_FLOAT32 = 6
_HINT = "use an adapter that was made for this model, or take it out of the setting lora"


def check_adapter(path: Path, architecture: str) -> None:
    """Refuse what cannot be an adapter for a model of this architecture.

    Raises:
        ModelNotFound: there is no such file.
        ModelIncompatible: it is damaged, not an adapter, or for another architecture.
    """
    if not path.is_file():
        raise ModelNotFound("there is no adapter file at the place that lora names", hint="correct the setting lora")
    try:
        head = read_head(path, is_wanted=lambda name: name.startswith(_FACTS))
    except ModelIncompatible as error:
        raise ModelIncompatible(f"the LoRA adapter cannot be used: {error.message}", hint=_HINT) from error
    values = head.values
    if values.get("general.type") != "adapter" or values.get("adapter.type") != "lora":
        raise ModelIncompatible("the file that lora names is not a LoRA adapter", hint=_HINT)
    if values.get("general.architecture") != architecture:
        raise ModelIncompatible("the LoRA adapter is for a model of another architecture", hint=_HINT)
    if isinstance(values.get(_ALPHA), GgufArray) or head.kinds.get(_ALPHA, _FLOAT32) != _FLOAT32:
        raise ModelIncompatible("the LoRA adapter is damaged", hint=_HINT)


class Adapters:
    """The adapters of one loaded model, which frees them with itself."""

    def __init__(self, model: Any, adapters: Sequence[LoraAdapter], architecture: str) -> None:
        """Load the adapters.

        Raises:
            ModelNotFound: a file is missing.
            ModelIncompatible: a file is no adapter for this model.
        """
        handles = [_load(model, Path(each.path), architecture) for each in adapters]
        self._count = len(handles)
        self._handles = (api.llama_adapter_lora_p_ctypes * max(len(handles), 1))(*handles)
        self._scales = (ctypes.c_float * max(len(handles), 1))(*(each.scale for each in adapters))

    def apply(self, context: Any) -> None:
        """Have a new context use them.

        Raises:
            ModelIncompatible: llama.cpp refuses.
        """
        if self._count and api.llama_set_adapters_lora(context, self._handles, self._count, self._scales) != 0:
            raise ModelIncompatible("llama.cpp cannot apply the LoRA adapters", hint=_HINT)


def _load(model: Any, path: Path, architecture: str) -> Any:
    check_adapter(path, architecture)
    handle = api.llama_adapter_lora_init(model, str(path).encode())
    if not handle:
        raise ModelIncompatible(
            "the LoRA adapter does not fit this model: its tensors have other names or shapes", hint=_HINT
        )
    return handle
