"""The loader: from a file to an engine and everything that a worker serves with it."""

import json
from pathlib import Path

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.workers import LaunchSpec, LoadingProgress
from rbee_keeper.errors import InvalidInput, ModelIncompatible, RequestCanceled
from rbee_keeper.workers.engine import EngineProps, IsCancelled, never
from rbee_keeper.workers.loader import LoadedModel, ModelInfo, ReportProgress

from .engine import EchoEngine
from .handlers import image_handlers
from .requests import ImageRequest, PreparedImage

WIDTH = 4


class EchoLoader:
    """Implements `Loader`."""

    def load(self, spec: LaunchSpec, report: ReportProgress) -> LoadedModel:
        """Read how long a step takes; that is all there is to load."""
        try:
            step_s = float(json.loads(Path(spec.model_path).read_text()).get("step_s", 0.0))
        except (OSError, ValueError) as error:
            raise ModelIncompatible(f"the script cannot be read: {error}") from error
        if not report(LoadingProgress(stage="loading_to_vram", percent=50.0)):
            raise RequestCanceled("the load was given up")
        return LoadedModel(
            engine=EchoEngine(step_s=step_s),
            info=ModelInfo(
                model_name="echo", slots=spec.slots, context_tokens=0, model_bytes=0, capability="image-gen"
            ),
            prepare=prepare,
            handlers=image_handlers,
            props=lambda: EngineProps(build_info="echo"),
        )


def prepare(request: ImageRequest, job_id: TaskId, is_cancelled: IsCancelled = never, /) -> PreparedImage:
    """Turn the prompt into whole rows of pixels."""
    if not request.prompt:
        raise InvalidInput("the prompt is empty", hint="say what to paint")
    pixels = request.prompt.encode()
    return PreparedImage(job_id=job_id, pixels=pixels + b"\0" * (-len(pixels) % WIDTH), width=WIDTH)


def new_loader() -> EchoLoader:
    """Return a loader for one model."""
    return EchoLoader()
