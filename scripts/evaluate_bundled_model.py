"""Measures bee-tiny in llama.cpp on questions and prompts that its training never saw.

Needs llama-cpp-python and nothing else of what training needs. A question passes when the greedy answer holds
the right command and no more specific one. Exits with 1 when too few questions pass, when an open prompt gives broken
text, or when a long story ends early.
"""

import argparse
import sys
import time
from pathlib import Path

from bundled_model import grammar
from bundled_model.held_out import FRESH_QUESTIONS, OPEN_PROMPTS, QUESTIONS
from llama_cpp import Llama

_MODEL = Path(__file__).parent.parent / "rbee_keeper" / "models" / "bee-tiny.gguf"
_ANSWER_TOKENS = 80
_OPEN_TOKENS = 700
_LONG_PROMPT = "Tell me a long story about a bee."
_LONG_TOKENS = 200


def main() -> int:
    """Run both parts and return the exit code."""
    options = _parse()
    began = time.monotonic()
    model = Llama(str(options.model), n_ctx=1024, n_threads=options.threads, verbose=False)
    print(f"loaded in {time.monotonic() - began:.2f} s")
    share = _ask_questions(model, "Held-out questions", QUESTIONS)
    fresh_share = _ask_questions(model, "Fresh held-out questions", FRESH_QUESTIONS)
    broken = _ask_open_prompts(model, options.seed)
    long_enough = _tell_long_story(model)
    whole = len(OPEN_PROMPTS) - broken
    print(f"\nright commands: {share:.1%}, fresh wordings {fresh_share:.1%} (wanted of each: {options.share:.0%})")
    print(f"open prompts without a fault: {whole} of {len(OPEN_PROMPTS)}")
    return 0 if min(share, fresh_share) >= options.share and broken == 0 and long_enough else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluate the bundled model bee-tiny. Needs llama-cpp-python.")
    parser.add_argument("--model", type=Path, default=_MODEL, help="the GGUF file")
    parser.add_argument("--share", type=float, default=0.8, help="share of right answers that is needed (0.8)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the training text, for its list of words (1)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (2)")
    return parser.parse_args()


def _reply(model: Llama, prompt: str, limit: int) -> tuple[str, int]:
    """Return the greedy answer and its number of tokens."""
    reply = model.create_chat_completion([{"role": "user", "content": prompt}], temperature=0.0, max_tokens=limit)
    return reply["choices"][0]["message"]["content"], reply["usage"]["completion_tokens"]


def _is_right(answer: str, stem: str) -> bool:
    specific = {other for other, _ in QUESTIONS if stem in other and other != stem}
    return stem in answer and not any(other in answer for other in specific)


def _ask_questions(model: Llama, title: str, questions: tuple[tuple[str, str], ...]) -> float:
    print(f"\n{title}. Checked: the greedy answer holds the right command and no more specific one.")
    passed = 0
    for stem, question in questions:
        answer, _ = _reply(model, question, _ANSWER_TOKENS)
        is_right = _is_right(answer, stem)
        passed += is_right
        print(f"{'pass' if is_right else 'FAIL'}  {question}\n      {answer}")
        if not is_right:
            print(f"      wanted: {stem}")
    print(f"{passed} of {len(questions)} questions got the right command")
    return passed / len(questions)


def _ask_open_prompts(model: Llama, seed: int) -> int:
    print(f"\nOpen prompts. Checked: {grammar.CHECKS}.")
    known = grammar.known_words(seed)
    broken = 0
    for prompt in OPEN_PROMPTS:
        answer, tokens = _reply(model, prompt, _OPEN_TOKENS)
        found = grammar.faults(answer, known)
        broken += bool(found)
        print(
            f"\n> {prompt}  ({tokens} tokens)\n{answer}\n{'FAULT: ' + '; '.join(found) if found else 'no fault found'}"
        )
        for span in grammar.repetitions(answer):
            print(f"REPEATS: {span} ... (reported, not counted as a fault)")
    return broken


def _tell_long_story(model: Llama) -> bool:
    _, tokens = _reply(model, _LONG_PROMPT, _OPEN_TOKENS)
    print(f"\n{_LONG_PROMPT} {tokens} tokens (wanted: {_LONG_TOKENS} or more)")
    return tokens >= _LONG_TOKENS


if __name__ == "__main__":
    sys.exit(main())
