"""Loads a model file for llama.cpp: what it is for is in its header, and decides which engine computes with it."""

from pathlib import Path

from ...contract.workers import LaunchSpec, LoadingProgress
from ...gguf.header import read_header
from ...machine.cpus import usable_cores
from ...machine.memory import free_memory_bytes
from ..loader import LoadedModel, ReportProgress
from .chat.template_process import TemplateProcess
from .native.library import initialise
from .native.model import Model
from .plan.load_plan import LoadPlan, Machine, plan_load
from .text.load import text_model


class LlamaLoader:
    """Implements `Loader`; its process for chat templates starts at once, while this one still imports."""

    def __init__(self) -> None:
        """Start that process."""
        self._renderer = TemplateProcess()
        self._renderer.start()

    def load(self, spec: LaunchSpec, report: ReportProgress) -> LoadedModel:
        """Refuse what cannot be a model before anything expensive; then plan, and load what was planned."""
        initialise(spec.engine.log_level)
        header = read_header(Path(spec.model_path))
        plan = plan_load(spec, header, _machine(spec.backend))
        model = load_weights(plan, report)
        if plan.capability == "text":
            return text_model(plan, model, self._renderer)
        self._renderer.close()
        from .vectors.load import vector_model

        return vector_model(plan, model)


def new_loader() -> LlamaLoader:
    """Return a loader for one model."""
    return LlamaLoader()


def _machine(backend: str) -> Machine:
    found = None
    if backend != "cpu":
        from .native.devices import can_offload, devices

        found = devices() if can_offload() else None
    return Machine(devices=found, free_bytes=free_memory_bytes(), cores=usable_cores())


def load_weights(plan: LoadPlan, report: ReportProgress) -> Model:
    """Return the model of the plan with its adapters.

    Raises:
        ModelNotFound: an adapter is missing.
        ModelIncompatible: llama.cpp cannot load the model or an adapter.
        RequestCanceled: the load was given up.
    """
    path = Path(plan.model_path)
    size_mb = path.stat().st_size / 1e6

    def on_share(share: float) -> bool:
        step = LoadingProgress(
            stage="loading_to_vram",
            layers_loaded=round(share * plan.layers),
            layers_total=plan.layers,
            percent=round(share * 100, 1),
            vram_mb=round(share * size_mb, 1),
        )
        return report(step)

    model = Model(path, options=plan.engine, choice=plan.devices, report=on_share)
    model.add_adapters(plan.engine.lora, plan.architecture)
    return model
