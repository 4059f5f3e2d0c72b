"""Turns a request into the tokens and the rules that the engine works with."""

import threading

from ....contract.ids import TaskId
from ....contract.tasks import Execute
from ....errors import ContextTooLong, InvalidInput
from ...engine import IsCancelled, never
from ...text.prepared import PreparedPrompt
from ..chat.chat_format import ChatFormat
from ..chat.template_process import TemplateProcess
from ..native.model import Model
from ..native.parsed_grammar import ParsedGrammars


class PromptMaker:
    """Prepares requests for one model; used from any thread."""

    def __init__(
        self,
        model: Model,
        *,
        renderer: TemplateProcess,
        grammars: ParsedGrammars,
        context_tokens: int,
        slots: int,
        budget_tokens: int,
    ) -> None:
        """Take the model's own chat template, and try it apart: a model that is loaded need not wait for that."""
        self._vocabulary = model.vocabulary
        self._grammars = grammars
        self._chat_format = chat_format_of(model, renderer)
        threading.Thread(target=self._chat_format.warm_up, name="chat-template", daemon=True).start()
        self._context_tokens = context_tokens
        self._slots = slots
        self._budget_tokens = budget_tokens

    def prepare(self, request: Execute, job_id: TaskId, is_cancelled: IsCancelled = never) -> PreparedPrompt:
        """Return the request in the engine's terms, as the execution of that id.

        Raises:
            InvalidInput: the template, the grammar or the model cannot do what the request asks for.
            ContextTooLong: prompt and answer together are longer than the context.
            RequestCanceled: nobody waits for it any more.
        """
        self._require_slots(request)
        if request.suffix is not None:
            prepared = PreparedPrompt(
                job_id=job_id,
                places=request.n,
                is_strict=_is_strict(request),
                request=request,
                prompt=self._infill(request),
                stop=tuple(request.stop),
            )
        else:
            prepared = self._chat(request, job_id, is_cancelled)
        if not prepared.prompt:
            raise InvalidInput("the prompt has no tokens", hint="send some text")
        self._require_room(len(prepared.prompt), request)
        return prepared

    def _require_slots(self, request: Execute) -> None:
        most = 1 if _is_strict(request) else self._slots
        if request.n > most:
            reason = "with strict determinism" if most == 1 else f"on a worker of {self._slots} slots"
            raise InvalidInput(f"n can be at most {most} {reason}", hint="ask again for more answers")

    def _chat(self, request: Execute, job_id: TaskId, is_cancelled: IsCancelled) -> PreparedPrompt:
        chat = self._chat_format.render(request, is_cancelled)
        if chat.grammar:
            self._grammars.of(chat.grammar)  # read here, so that it neither stops an execution nor the engine
        special = map(self._vocabulary.token_of_special, chat.shown_special)
        return PreparedPrompt(
            job_id=job_id,
            places=request.n,
            is_strict=_is_strict(request),
            request=request,
            prompt=self._vocabulary.tokenize(chat.prompt, parse_special=chat.parse_special),
            grammar=chat.grammar,
            stop=chat.stop,
            shown_special=frozenset(token for token in special if token is not None),
            new_reader=chat.new_reader,
        )

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

    def _require_room(self, prompt_tokens: int, request: Execute) -> None:
        room, max_tokens = self._context_tokens, request.max_tokens
        if prompt_tokens + max_tokens > room:
            free = room - prompt_tokens
            hint = f"use --max-tokens {free} or less" if free > 0 else "shorten the prompt"
            raise ContextTooLong(
                f"the prompt has {prompt_tokens} tokens and max_tokens is {max_tokens}: together more than the"
                f" context of {room} tokens",
                hint=hint,
                details={"prompt_tokens": prompt_tokens, "max_tokens": max_tokens, "context_tokens": room},
            )
        if request.n * (prompt_tokens + max_tokens) > self._budget_tokens:
            raise InvalidInput(
                f"{request.n} answers of this length need more than the cache of {self._budget_tokens} tokens",
                hint="lower n or max_tokens, or raise kv_tokens",
            )


def _is_strict(request: Execute) -> bool:
    return request.determinism == "strict"


def chat_format_of(model: Model, renderer: TemplateProcess) -> ChatFormat:
    """Return the chat side of a model, made from the template in its file."""
    vocabulary = model.vocabulary
    begin = "" if vocabulary.adds_begin_token() else vocabulary.text_of_special(vocabulary.begin_token())
    return ChatFormat(
        model.chat_template(),
        begin_text=begin,
        end_text=vocabulary.text_of_special(vocabulary.end_token()),
        renderer=renderer,
    )
