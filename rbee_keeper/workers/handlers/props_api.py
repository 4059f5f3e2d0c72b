"""Props at the worker: what its model is, what it takes and what is assumed."""

import asyncio
from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response

from ... import __version__
from ...contract.ids import TaskId
from ...contract.inference.props import DefaultSettings, Modalities, Props
from ...contract.inference.sampling import Sampling
from ...contract.operations.worker import PROPS
from ...contract.tasks import Execute
from ...contract.workers import LaunchSpec
from ...daemon.messages import respond
from ...daemon.routing import Handlers
from ..executions.slots import Slots
from ..loader import LoadedModel, ModelHolder
from .tokens_api import piece_of


class PropsApi:
    """Answers `GET /props`."""

    def __init__(self, slots: Slots, holder: ModelHolder, spec: LaunchSpec) -> None:
        """Describe the model of the spec, once it is there."""
        self._slots = slots
        self._holder = holder
        self._spec = spec

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {PROPS: self.props}

    async def props(self, _: Request) -> Response:
        """Answer with what does not change while the worker lives."""
        self._slots.require_loaded()
        assert self._holder.model is not None
        return respond(PROPS, await asyncio.to_thread(self._props, self._holder.model))

    def _props(self, model: LoadedModel) -> Props:
        known, info = model.props(), model.info
        # a model without a name goes by its reference, which may have folders in it
        name = PurePath(info.model_name).name if info.model_name == self._spec.model_ref else info.model_name
        left_out = Execute(job_id=TaskId(""))
        return Props(
            version=__version__,
            model=name,
            model_path=PurePath(self._spec.model_path).name,
            total_slots=info.slots,
            context_tokens=info.context_tokens,
            default_generation_settings=DefaultSettings(
                n_ctx=info.context_tokens,
                params={name: getattr(left_out, name) for name in Sampling.__struct_fields__},
            ),
            chat_template=known.chat_template,
            bos_token=known.bos_token,
            eos_token=known.eos_token,
            end_tokens=[piece_of(*each) for each in known.end_tokens.items()],
            modalities=Modalities(vision=False, audio=False),
            build_info=known.build_info,
            system_info=known.system_info,
        )
