"""Turns a request into the tokens and the rules that the engine works with."""

from ...contract.tasks import Execute
from ...errors import ContextTooLong, InferenceFailed, InvalidInput
from ..engine import Prepared
from .model import Model
from .sampler import Grammar


class PromptMaker:
    """Prepares requests for one model; used from any thread."""

    def __init__(self, model: Model, *, context_tokens: int, slots: int) -> None:
        """Take the model's own chat template."""
        self._vocabulary = model.vocabulary
        self._template = model.chat_template()
        self._context_tokens = context_tokens
        self._slots = slots

    def prepare(self, request: Execute) -> Prepared:
        """Return the request in the engine's terms.

        Raises:
            InvalidInput: the template, the grammar or the model cannot do what the request asks for.
            ContextTooLong: prompt and answer together are longer than the context.
        """
        self._require_slots(request)
        prompt = self._infill(request) if request.suffix is not None else self._prompt(request)
        if not prompt:
            raise InferenceFailed("the prompt has no tokens")
        self._require_room(len(prompt), request.max_tokens)
        return Prepared(request=request, prompt=prompt, stop=tuple(request.stop))

    def _require_slots(self, request: Execute) -> None:
        most = 1 if request.determinism == "strict" else self._slots
        if request.n > most:
            reason = "with strict determinism" if most == 1 else f"on a worker of {self._slots} slots"
            raise InvalidInput(f"n can be at most {most} {reason}", hint="ask again for more answers")

    def _prompt(self, request: Execute) -> list[int]:
        text = self._template.render(request)
        return self._vocabulary.tokenize(text, parse_special=not request.raw)

    def _infill(self, request: Execute) -> list[int]:
        """Return prefix and suffix between the tokens that the model knows for this."""
        tokens = self._vocabulary.infill_tokens()
        if tokens is None:
            raise InvalidInput("this model cannot fill in: it has no tokens for prefix, suffix and middle")
        before_prefix, before_suffix, before_middle = tokens
        begin = [self._vocabulary.begin_token()] if self._vocabulary.adds_begin_token() else []
        prefix, suffix = (
            self._vocabulary.tokenize(text, parse_special=False, add_special=False)
            for text in (request.prompt, request.suffix or "")
        )
        return [*begin, before_prefix, *prefix, before_suffix, *suffix, before_middle]

    def _require_room(self, prompt_tokens: int, max_tokens: int) -> None:
        room = self._context_tokens
        if prompt_tokens + max_tokens > room:
            free = room - prompt_tokens
            hint = f"use --max-tokens {free} or less" if free > 0 else "shorten the prompt"
            raise ContextTooLong(
                f"the prompt has {prompt_tokens} tokens and max_tokens is {max_tokens}: together more than the"
                f" context of {room} tokens",
                hint=hint,
                details={"prompt_tokens": prompt_tokens, "max_tokens": max_tokens, "context_tokens": room},
            )


def require_grammar(text: str, model: Model) -> None:
    """Refuse a grammar that llama.cpp cannot read, before it would stop an execution.

    Raises:
        InvalidInput: it is not valid GBNF.
    """
    if text:
        Grammar(text, model.vocabulary).close()
