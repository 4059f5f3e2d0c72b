"""A model that writes text, from its weights to what a worker serves."""

from ...loader import LoadedModel, ModelInfo
from ...text.handlers import text_handlers
from ..chat.template_process import TemplateProcess
from ..native.model import Model
from ..native.props import props_of
from ..plan.load_plan import LoadPlan
from .engine import TextEngine
from .prompt import PromptMaker


def text_model(plan: LoadPlan, model: Model, renderer: TemplateProcess) -> LoadedModel:
    """Return the model with its engine.

    Raises:
        ModelIncompatible: the model has no memory, or there is none for a context of it.
    """
    engine = TextEngine(plan, model, release=(renderer.close, model.close))
    prompts = PromptMaker(
        model,
        renderer=renderer,
        grammars=engine.grammars,
        context_tokens=plan.context.context_tokens,
        slots=plan.slots,
        budget_tokens=plan.context.layout.tokens,
    )
    info = ModelInfo(
        model_name=model.name or plan.model_ref,
        slots=plan.slots,
        context_tokens=plan.context.context_tokens,
        model_bytes=model.size_bytes,
    )
    return LoadedModel(
        engine=engine,
        info=info,
        prepare=prompts.prepare,
        handlers=text_handlers,
        props=lambda: props_of(model),
        vocabulary=model.vocabulary,
        interrupt=engine.interrupt,
        grammar_work=engine.grammar_work,
    )
