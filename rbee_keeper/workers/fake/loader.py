"""Loads a script, and takes as long as it says."""

import time
from pathlib import Path

import msgspec

from ...contract.ids import TaskId
from ...contract.tasks import Execute
from ...contract.workers import LaunchSpec, LoadingProgress
from ...errors import ModelIncompatible, RequestCanceled
from ..engine import EngineProps, IsCancelled, never
from ..loader import LoadedModel, ModelInfo, ReportProgress
from ..text.handlers import text_handlers
from ..text.prepared import PreparedPrompt
from .engine import FakeEngine
from .faults import commit, ignore_signals
from .script import FakeScript

_LOAD_STEPS = 10
_CONTEXT_TOKENS = 4096


class FakeLoader:
    """Implements `Loader`."""

    def load(self, spec: LaunchSpec, report: ReportProgress) -> LoadedModel:
        """Read the script and go through its load."""
        try:
            script = msgspec.json.decode(Path(spec.model_path).read_bytes(), type=FakeScript)
        except (OSError, msgspec.MsgspecError) as error:
            raise ModelIncompatible(f"the script cannot be read: {error}") from error
        if script.ignores_signals:
            ignore_signals()
        for step in range(_LOAD_STEPS):
            percent = 100.0 * step / _LOAD_STEPS
            progress = LoadingProgress(
                stage="loading_to_vram", percent=percent, layers_loaded=step, layers_total=_LOAD_STEPS
            )
            if not report(progress):
                raise RequestCanceled("the load was given up")
            time.sleep(script.load_s / _LOAD_STEPS)
            if step == _LOAD_STEPS // 2:
                commit(script.load_fault)
        return fake_model(FakeEngine(script, slots=spec.slots), slots=spec.slots)


def fake_model(engine: FakeEngine, *, slots: int) -> LoadedModel:
    """Return what a worker serves with a scripted engine."""
    return LoadedModel(
        engine=engine,
        info=ModelInfo(model_name="fake", slots=slots, context_tokens=_CONTEXT_TOKENS, model_bytes=0),
        prepare=prepare,
        handlers=text_handlers,
        props=lambda: EngineProps(build_info="scripted"),
        grammar_work=engine.grammar_work,
    )


def prepare(request: Execute, job_id: TaskId, is_cancelled: IsCancelled = never, /) -> PreparedPrompt:
    """Take any prompt; its words are its tokens."""
    del is_cancelled
    return PreparedPrompt(
        job_id=job_id,
        places=request.n,
        is_strict=request.determinism == "strict",
        request=request,
        prompt=range(len(request.prompt.split())),
    )


def new_loader() -> FakeLoader:
    """Return a loader for one script."""
    return FakeLoader()
