"""A model file in memory: its vocabulary, its template, its context."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

from ...errors import BackendUnavailable, ModelIncompatible, ModelNotFound, RequestCanceled
from .chat_template import ChatTemplate
from .header import Header, read_header
from .library import api
from .vocabulary import Vocabulary

BATCH_TOKENS = 512
MAX_DEFAULT_CONTEXT = 8192
_GGUF_MAGIC = b"GGUF"
_TEXT_BYTES = 512
_SINGLE_THREAD_BELOW_BYTES = 48_000_000


def check_file(path: Path) -> Header:
    """Refuse what cannot be a model before anything expensive, and return what the file says about itself.

    Raises:
        ModelNotFound: there is no such file.
        ModelIncompatible: it is not GGUF, is damaged or holds no weights.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelNotFound(f"the model file cannot be read: {error.strerror}", hint="rbee doctor") from error
    if magic != _GGUF_MAGIC:
        raise ModelIncompatible(
            "the file is not a GGUF model", hint="use a model file that ends in .gguf, for example bee-tiny"
        )
    header = read_header(path)
    if header is None:
        raise ModelIncompatible("the file is a damaged GGUF model", hint="get it again; rbee logs worker says more")
    if header.tensors == 0:
        raise ModelIncompatible("the file holds no weights, only a vocabulary", hint="use the whole model file")
    return header


class Model:
    """The weights of one file, on the CPU or wholly on a device."""

    def __init__(self, path: Path, *, on_device: bool, device: int, report: Callable[[float], bool]) -> None:
        """Load a checked file; `report` takes the share that is done, 0 to 1, and returns False to give up.

        Raises:
            ModelIncompatible: llama.cpp cannot load it.
            BackendUnavailable: the device is not one that llama.cpp was built for.
            RequestCanceled: the load was given up.
        """
        if on_device and not api.llama_supports_gpu_offload():
            raise BackendUnavailable(
                "llama.cpp was built without support for this device", hint="rbee infer --backend cpu"
            )
        self._gave_up = False
        parameters = api.llama_model_default_params()
        parameters.n_gpu_layers = -1 if on_device else 0
        parameters.main_gpu = device

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

    @property
    def size_bytes(self) -> int:
        """The bytes that the weights take."""
        return int(api.llama_model_size(self.handle))

    @property
    def trained_context(self) -> int:
        """The context, in tokens, that the model was trained for."""
        return int(api.llama_model_n_ctx_train(self.handle))

    @property
    def name(self) -> str:
        """The name that the file gives itself; empty when it gives none."""
        return self._metadata("general.name")

    def chat_template(self) -> ChatTemplate:
        """Return the template of the file."""
        text = api.llama_model_chat_template(self.handle, None)
        vocabulary = self.vocabulary
        begin = "" if vocabulary.adds_begin_token() else vocabulary.text_of_special(vocabulary.begin_token())
        return ChatTemplate(
            text.decode() if text else None,
            begin_text=begin,
            end_text=vocabulary.text_of_special(vocabulary.end_token()),
        )

    def context_per_slot(self, wanted: int) -> int:
        """Return the context of one slot: what is wanted, else the model's own up to a bound."""
        if wanted:
            return min(wanted, self.trained_context)
        return min(self.trained_context, MAX_DEFAULT_CONTEXT)

    def new_context(self, *, slots: int, context_tokens: int, threads: int) -> ctypes.c_void_p:
        """Return a context with room for `slots` sequences of `context_tokens` each.

        Raises:
            ModelIncompatible: llama.cpp cannot make one, mostly for want of memory.
        """
        parameters = api.llama_context_default_params()
        parameters.n_ctx = slots * context_tokens
        parameters.n_seq_max = slots
        parameters.n_batch = max(BATCH_TOKENS, slots)
        parameters.n_ubatch = parameters.n_batch
        parameters.n_threads = threads
        parameters.n_threads_batch = threads
        parameters.no_perf = True
        context = api.llama_init_from_model(self.handle, parameters)
        if not context:
            raise ModelIncompatible(
                "llama.cpp could not make a context for this model", hint="lower slots or context_tokens"
            )
        return ctypes.c_void_p(context) if isinstance(context, int) else context

    @property
    def can_forget_last_tokens(self) -> bool:
        """The state of a sequence can be taken back token by token."""
        keeps_all = api.llama_model_n_swa(self.handle) == 0
        return (
            keeps_all and not api.llama_model_is_recurrent(self.handle) and not api.llama_model_is_hybrid(self.handle)
        )

    def threads(self, wanted: int) -> int:
        """Return the threads that decode fastest: for small models the threads' waiting costs more than it gains."""
        if wanted:
            return wanted
        if self.size_bytes < _SINGLE_THREAD_BELOW_BYTES:
            return 1
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def close(self) -> None:
        """Free the weights."""
        api.llama_model_free(self.handle)

    def _metadata(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        length = api.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""
