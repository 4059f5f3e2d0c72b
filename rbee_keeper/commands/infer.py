"""`rbee infer`: one prompt in, tokens out."""

from contextlib import closing
from typing import Annotated

import typer

from ..config.paths import user_paths
from ..config.settings import load_settings
from ..contract.ids import ModelRef, NodeName, new_correlation_id
from ..contract.inference.sampling import DEFAULT_TEMPERATURE
from ..contract.tasks import DEFAULT_MAX_TOKENS, Infer
from ..contract.validation import Problem, generation_problems, placement_problems, require
from ..errors import RbeeError
from ..keeper.queen_process import queen_for_one_command
from .model_option import model_ref_of
from .options import JsonOption, QueenUrlOption, QuietOption
from .terminal.event_view import EventView
from .terminal.progress import Progress
from .terminal.prompt import read_prompt

_LONGEST_TIMEOUT_S = 1_000_000
_DETACH_S = 5.0
"""For so long a cut connection is made again, and the task waits for it."""
_SAMPLING = "Sampling"
_PLACEMENT = "Where it runs"


def infer(
    prompt: Annotated[
        str | None,
        typer.Option(
            "--prompt",
            "-p",
            help="What to ask; standard input follows it. Other users see it in ps: pipe in what is private.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="REF", help="Model name or file (default: bee-tiny).")
    ] = None,
    system: Annotated[str | None, typer.Option(help="Instructions that stand before the prompt.")] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Continue the prompt as plain text, without chat template.")
    ] = False,
    max_tokens: Annotated[int, typer.Option(help="Stop after this many tokens.")] = DEFAULT_MAX_TOKENS,
    temperature: Annotated[
        float, typer.Option(help="0 always takes the likeliest token.", rich_help_panel=_SAMPLING)
    ] = DEFAULT_TEMPERATURE,
    top_k: Annotated[int, typer.Option(help="Draw from this many tokens; 0 for all.", rich_help_panel=_SAMPLING)] = 40,
    top_p: Annotated[
        float, typer.Option(help="Draw from the likeliest tokens with this share together.", rich_help_panel=_SAMPLING)
    ] = 0.95,
    min_p: Annotated[
        float, typer.Option(help="Leave out tokens below this share of the likeliest.", rich_help_panel=_SAMPLING)
    ] = 0.0,
    repetition_penalty: Annotated[
        float, typer.Option(help="Above 1 avoids repetition; 1 is off.", rich_help_panel=_SAMPLING)
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(help="Draw the same tokens again, whatever else the worker does.", rich_help_panel=_SAMPLING),
    ] = None,
    stop: Annotated[list[str] | None, typer.Option(help="End before this text; up to four times.")] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Give up after this time.")] = None,
    node: Annotated[str | None, typer.Option(help="Run on this node.", rich_help_panel=_PLACEMENT)] = None,
    backend: Annotated[str | None, typer.Option(help="Run on cpu, cuda or metal.", rich_help_panel=_PLACEMENT)] = None,
    device: Annotated[
        int | None, typer.Option(help="Run on this device of the backend.", rich_help_panel=_PLACEMENT)
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Print figures on standard error at the end.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    queen_url: QueenUrlOption = None,
) -> None:
    """Ask a model and print its answer as it is generated.

    With no queen running, everything that is needed is started and taken down again afterwards.
    """
    with Progress(quiet=quiet or as_json) as progress:
        view = EventView(
            progress=progress,
            as_json=as_json,
            quiet=quiet,
            stats=stats,
            max_tokens=max_tokens,
            cut_answers_dir=user_paths().cut_answers_dir,
        )
        correlation_id = ""
        try:
            spec = Infer(
                prompt=read_prompt(prompt),
                model=ModelRef("") if model is None else model_ref_of(model),
                system=system,
                raw=raw,
                max_tokens=max_tokens,
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                min_p=min_p,
                repetition_penalty=repetition_penalty,
                seed=seed,
                determinism="best_effort" if seed is None else "strict",
                stop=stop or [],
                node=None if node is None else NodeName(node),
                backend=backend,
                device=device,
                detach_s=_DETACH_S,
            )
            require(generation_problems(spec) + placement_problems(spec) + _timeout_problems(timeout))
            progress.step("starting")
            correlation_id = new_correlation_id()
            with queen_for_one_command(load_settings({"queen_url": queen_url})) as queen:
                events = queen.infer(spec, timeout_s=timeout, correlation_id=correlation_id)
                with closing(events):
                    for event, text in events:
                        view.show(event, text)
        except RbeeError as error:
            error.correlation_id = error.correlation_id or correlation_id
            view.show_error(error)
            raise


def _timeout_problems(timeout_s: float | None) -> list[Problem]:
    if timeout_s is None or 0 < timeout_s <= _LONGEST_TIMEOUT_S:
        return []
    message = f"--timeout must be more than 0 and at most {_LONGEST_TIMEOUT_S} seconds"
    return [{"field": "timeout", "constraint": f"..{_LONGEST_TIMEOUT_S}", "message": message}]
