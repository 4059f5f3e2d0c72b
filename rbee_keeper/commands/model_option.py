"""The model as it was typed: a short name, a reference, or a file in any folder."""

from pathlib import Path

from ..contract.ids import ModelRef, is_model_ref
from ..errors import InvalidInput, ModelNotFound

_SCHEMES = ("hf:", "file:")
_FORMS = "name a model as bee-tiny, ./folder/model.gguf, file:/folder/model.gguf or hf:org/repo"


def model_ref_of(typed: str) -> ModelRef:
    """Return the reference of what was typed; a path is made absolute.

    Raises:
        InvalidInput: it has none of the known forms.
        ModelNotFound: it is a path and there is no file.
    """
    if not typed.startswith(_SCHEMES) and ("/" in typed or typed.endswith(".gguf")):
        path = Path(typed).expanduser().absolute()
        if not path.is_file():
            raise ModelNotFound(f"there is no file {path}", hint=_FORMS)
        typed = f"file:{path.resolve()}"
    if not is_model_ref(typed) or ("/" in typed and not typed.startswith(_SCHEMES)):
        raise InvalidInput("this is not a model reference", hint=_FORMS)
    return ModelRef(typed)
