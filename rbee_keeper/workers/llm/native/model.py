"""A model file in memory: its vocabulary, its templates, its contexts."""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....contract.inference.engine_options import EngineOptions, LoraAdapter
from ....errors import ModelIncompatible, RequestCanceled
from ....gguf.tensor_types import CACHE_TYPES
from ..plan.context_options import ContextOptions
from ..plan.layout import Layout
from .context import Context
from .library import api
from .lora import Adapters
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from ..plan.device_choice import DeviceChoice

_TEXT_BYTES = 512
_FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}
_NON_CAUSAL, _CAUSAL = 1, 0


class Model:
    """The weights of one file, on the CPU or wholly on a device."""

    def __init__(
        self, path: Path, *, options: EngineOptions, choice: "DeviceChoice | None", report: Callable[[float], bool]
    ) -> None:
        """Load a checked file; `report` takes the share that is done, 0 to 1, and returns False to give up.

        Raises:
            ModelIncompatible: llama.cpp cannot load it.
            RequestCanceled: the load was given up.
        """
        self._gave_up = False
        parameters = _model_parameters(options, choice)

        def on_progress(share: float, _: ctypes.c_void_p) -> bool:
            self._gave_up = not report(share)
            return not self._gave_up

        callback = api.llama_progress_callback(on_progress)
        parameters.progress_callback = callback
        self.handle = api.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.handle:
            if self._gave_up:
                raise RequestCanceled("the load was given up")
            raise ModelIncompatible(
                "llama.cpp cannot load this file: it is damaged, or of an architecture this version does not know",
                hint="rbee logs shows what llama.cpp said",
            )
        self.vocabulary = Vocabulary(self.handle)
        self._adapters = Adapters(self.handle, (), "")

    def add_adapters(self, adapters: Sequence[LoraAdapter], architecture: str) -> None:
        """Load the adapters that every context made from now on uses.

        Raises:
            ModelNotFound: a file is missing.
            ModelIncompatible: a file is no adapter for this model.
        """
        self._adapters = Adapters(self.handle, adapters, architecture)

    @property
    def size_bytes(self) -> int:
        """The bytes that the weights take."""
        return int(api.llama_model_size(self.handle))

    @property
    def name(self) -> str:
        """The name that the file gives itself; empty when it gives none."""
        return self._metadata("general.name")

    def chat_template(self) -> str | None:
        """Return the template for chats that the file brings along, if it does."""
        text = api.llama_model_chat_template(self.handle, None)
        return text.decode("utf-8", "replace") if text else None

    def rerank_template(self) -> str:
        """Return how the file joins a query and a document; empty when it does not say."""
        text = api.llama_model_chat_template(self.handle, b"rerank")
        return text.decode("utf-8", "replace") if text else ""

    def vector_length(self, *, is_ranking: bool) -> int:
        """Return how many numbers the model makes of a text."""
        count = api.llama_model_n_cls_out if is_ranking else api.llama_model_n_embd_out
        return int(count(self.handle))

    def new_context(self, options: ContextOptions) -> Context:
        """Return a context with the model's adapters.

        Raises:
            ModelIncompatible: llama.cpp cannot make one, mostly for want of memory.
        """
        context = api.llama_init_from_model(self.handle, _context_parameters(options, options.layout))
        if not context:
            raise ModelIncompatible(
                "llama.cpp could not make a context for this model",
                hint="lower slots, context_tokens or kv_tokens, and use f16 for kv_type_k and kv_type_v;"
                " rbee logs shows what llama.cpp said",
            )
        self._adapters.apply(context)
        return Context(ctypes.c_void_p(context) if isinstance(context, int) else context)

    @property
    def can_forget_last_tokens(self) -> bool:
        """The state of a sequence can be taken back token by token."""
        keeps_all = api.llama_model_n_swa(self.handle) == 0
        return (
            keeps_all and not api.llama_model_is_recurrent(self.handle) and not api.llama_model_is_hybrid(self.handle)
        )

    def close(self) -> None:
        """Free the weights."""
        api.llama_model_free(self.handle)

    def _metadata(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        length = api.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""


def _model_parameters(options: EngineOptions, choice: "DeviceChoice | None") -> Any:
    """Return llama.cpp's parameters; a model on a device is there with every layer."""
    parameters = api.llama_model_default_params()
    parameters.load_mode = {
        (False, False): api.LLAMA_LOAD_MODE_NONE,
        (True, False): api.LLAMA_LOAD_MODE_MMAP,
        (False, True): api.LLAMA_LOAD_MODE_MLOCK,
        (True, True): api.LLAMA_LOAD_MODE_MMAP_MLOCK,
    }[options.mmap, options.mlock]
    parameters.n_gpu_layers = 0 if choice is None else -1
    if choice is not None:
        parameters.main_gpu = choice.main
        parameters.split_mode = api.LLAMA_SPLIT_MODE_LAYER if choice.shares else api.LLAMA_SPLIT_MODE_NONE
        if choice.shares:
            shares = (ctypes.c_float * api.llama_max_devices())(*choice.shares)
            parameters.tensor_split = ctypes.cast(shares, ctypes.POINTER(ctypes.c_float))
    return parameters


def _context_parameters(options: ContextOptions, layout: Layout) -> Any:
    parameters = api.llama_context_default_params()
    parameters.n_ctx = layout.tokens
    parameters.n_seq_max = layout.sequences
    parameters.kv_unified = layout.is_unified
    parameters.n_batch = max(options.batch_tokens, layout.sequences)
    parameters.n_ubatch = parameters.n_batch
    # llama.cpp aborts when there is not an output for every sequence
    parameters.n_outputs_max = max(options.outputs, layout.sequences) if options.outputs else 0
    parameters.n_threads = options.threads
    parameters.n_threads_batch = options.threads_batch
    parameters.type_k = CACHE_TYPES[options.kv_type_k]
    parameters.type_v = CACHE_TYPES[options.kv_type_v]
    parameters.flash_attn_type = _FLASH_ATTENTION[options.flash_attention]
    parameters.embeddings = options.embeddings
    if options.pooling is not None:
        parameters.pooling_type = options.pooling
    if options.is_causal is not None:
        parameters.attention_type = _CAUSAL if options.is_causal else _NON_CAUSAL
    parameters.no_perf = True
    return parameters
