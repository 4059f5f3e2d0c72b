"""The model as it was typed: a short name, a reference, or a file in any folder."""

from pathlib import Path

from ..contract.ids import ModelRef
from ..contract.model_ref import FORMS, SCHEMES, parse
from ..errors import ModelNotFound


def model_ref_of(typed: str) -> ModelRef:
    """Return the reference of what was typed; a path is made absolute.

    Raises:
        InvalidInput: it has none of the known forms.
        ModelNotFound: it is a path and there is no file.
    """
    if not typed.startswith(SCHEMES) and ("/" in typed or typed.endswith(".gguf")):
        path = Path(typed).expanduser().absolute()
        if not path.is_file():
            raise ModelNotFound(f"there is no file {path}", hint=FORMS)
        typed = f"file:{path.resolve()}"
    return ModelRef(str(parse(typed)))
