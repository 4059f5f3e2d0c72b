"""Loads the weights of a model and tells how far it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from ....contract.workers import LaunchOrder, LoadingProgress
from ....gguf.header import Header
from ...engine import ReportProgress
from ..native.model import Model

if TYPE_CHECKING:
    from .device_choice import DeviceChoice


def load_model(order: LaunchOrder, header: Header, choice: "DeviceChoice | None", report: ReportProgress) -> Model:
    """Return the model of the order with its adapters.

    Raises:
        ModelNotFound: an adapter is missing.
        ModelIncompatible: llama.cpp cannot load the model or an adapter.
        RequestCanceled: the load was given up.
    """
    path = Path(order.model_path)
    size_mb = path.stat().st_size / 1e6

    def on_share(share: float) -> bool:
        step = LoadingProgress(
            stage="loading_to_vram",
            layers_loaded=round(share * header.layers),
            layers_total=header.layers,
            percent=round(share * 100, 1),
            vram_mb=round(share * size_mb, 1),
        )
        return report(step)

    model = Model(path, options=order.engine, choice=choice, report=on_share)
    model.add_adapters(order.engine.lora, header.architecture)
    return model
