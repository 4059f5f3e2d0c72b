"""The handlers of a worker whose model writes text."""

from ...daemon.routing import Handlers
from ..loader import LoadedModel, Serving
from .infer_api import InferApi


def text_handlers(model: LoadedModel, serving: Serving) -> Handlers:
    """Return what answers which operation."""
    return InferApi(model.prepare, serving).handlers()
