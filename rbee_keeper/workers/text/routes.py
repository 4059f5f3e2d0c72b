"""The handlers of a worker whose model writes text."""

from collections.abc import Mapping

from ...contract import routes
from ..loader import Handler, LoadedModel, Serving
from .infer import InferHandler


def text_handlers(model: LoadedModel, serving: Serving) -> Mapping[str, Handler]:
    """Return what answers on which path."""
    infer = InferHandler(model.prepare, serving)
    return {routes.EXECUTE: infer.execute, routes.INFERENCE: infer.execute}
