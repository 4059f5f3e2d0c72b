"""What a loaded model and llama.cpp say about themselves."""

from ...engine import EngineProps
from .library import api
from .model import Model


def props_of(model: Model) -> EngineProps:
    """Describe the model; takes a look at every token of it."""
    # a start of a worker does not pay for this
    from importlib.metadata import version

    vocabulary = model.vocabulary
    return EngineProps(
        chat_template=model.chat_template() or "",
        bos_token=vocabulary.text_of_special(vocabulary.begin_token()),
        eos_token=vocabulary.text_of_special(vocabulary.end_token()),
        end_tokens={token: vocabulary.bytes_of(token, special=True) for token in vocabulary.end_tokens()},
        build_info=f"llama-cpp-python {version('llama-cpp-python')}",
        system_info=api.llama_print_system_info().decode("utf-8", "replace").strip(),
    )
