"""Asks for one intent in the many ways of people: frames, manners, haste, slips of the finger."""

# ruff: noqa: E501 - a sentence or a list of words stays on one line

import random
import re

from bundled_model.intent import Intent
from bundled_model.patterns import expand

_FRAMES: tuple[str, ...] = (
    "how do i {}", "how do i {}", "how do i {}", "how do i {}", "can i {}", "can i {}", "can i {}", "how can i {}",
    "how can i {}", "how to {}", "how would i {}", "how does one {}", "how should i {}", "how could i {}",
    "how do you {}", "what is the command to {}", "what command do i use to {}", "which command lets me {}",
    "i want to {}", "i need to {}", "i would like to {}", "could you tell me how to {}", "show me how to {}",
    "tell me how to {}", "is there a way to {}", "what do i type to {}", "what is the right way to {}", "help me {}",
    "is it possible to {}", "{}", "whats the command to {}", "any way to {}", "explain how to {}",
    "give me the command to {}", "i am trying to {}", "what should i run to {}", "do you know how to {}",
    "what must i do to {}", "may i {}", "how is it possible to {}", "i do not know how to {}", "where can i {}",
)
_OPENINGS = ("hi, ", "hello, ", "hey, ", "ok, ", "so ", "please, ", "quick question: ", "good morning, ", "and ", "now ")
_ENDINGS = (
    " with rbee", " in rbee", " please", " from the terminal", " on the command line", " from my shell", " right now",
    " here", ", thanks", " today", " quickly", " again", " myself", " if i want to", " later", " for once",
    " on linux", " at home", " for my project", " without much work", " as a beginner",
)
# Clauses that say nothing about the command, in words that do: the model must learn to look past them.
_CLAUSES = (
    " (after|before|during|since) (the update|a crash|a restart|lunch|the weekend|an upgrade|the demo|my meeting|a power cut)",
    " (before|when|after|while|until) (i leave|i start|i go home|i upgrade|it is dark|i travel|i finish|it rains|i am away|i sleep)",
    " (that|which) (i bought|i like|i own|i found|my friend gave me|is new|is old|stands here|we share|i do not trust)",
    " on (this|my|the|our|an old) (machine|computer|laptop|mac|server|pc|desk|network|linux box)",
    " (for|with|without|like) (my team|all users|my friends|a beginner|much work|the manual|root|a mouse|the internet|my boss)",
    " (at the moment|at any time|once more|any more|later on|for now|at once|so far|for good|in general|by default|some day)",
    " (instead of|rather than|and not) (the default|the old one|the first one|another one|doing it twice|asking you|the cloud)",
    " (as well|too|as usual|safely|automatically|properly|correctly|exactly|step by step|as fast as possible|with one command)",
    " (because|since|as) (i am new|i forgot|it is late|i need it|we talked about it|it is slow|i am curious|my friend asked)",
    " (of|in|with|through|by way of) (rbee|your program|this tool|the keeper|a single command|one line)",
)
_STRAY_WORDS = (
    "really", "just", "actually", "maybe", "simply", "also", "even", "still", "then", "quickly", "first", "only", "own",
    "little", "nice", "whole", "certain", "particular", "current", "available", "existing", "usual", "single", "entire",
)
NODE_NAMES: tuple[str, ...] = (
    "mac", "studio", "attic", "desk", "tower", "kitchen", "server1", "server2", "node1", "node2", "gpu1", "gpubox",
    "workhorse", "pluto", "mars", "venus", "saturn", "orion", "luna", "nova", "ada", "grace", "turing", "office", "lab",
    "garage", "cellar", "basement", "laptop2", "mini", "nuc", "rack", "titan", "atlas", "hermes", "zeus", "apollo",
    "rex", "bumble", "honey", "clover", "meadow", "linden", "maple", "oak", "willow", "fern", "rose", "thistle",
    "workstation", "gamer", "bigbox", "spare", "oldmac", "thinkpad", "dell", "beast", "shed", "den", "hall", "nas",
)
_MODELS = (
    "tinyllama", "qwen", "phi3", "llama3", "mistral", "granite", "gpt2", "llama32", "hf:org/repo", "bee-tiny",
    "hf:acme/wasp-7b", "hf:meadow/clover-3b",
)
_TEXTS = ("hello", "Write a haiku about a bee", "Tell me a story", "Why is the sky blue?", "hi", "Name three trees")
_FILES = ("notes.txt", "report.md", "letter.txt", "log.txt", "README.md", "todo.txt", "chapter.txt", "mail.txt")
_SCRIPTS = ("policy.rhai", "route.rhai", "night.rhai", "place.rhai", "rules.rhai", "my.rhai", "fair.rhai")
_SLOTS: dict[str, tuple[str, ...]] = {
    "node": NODE_NAMES, "model": _MODELS, "text": _TEXTS, "file": _FILES, "script": _SCRIPTS,
    "number": ("100", "200", "300", "50", "500", "42", "64"), "heat": ("0", "0", "1.2"), "backend": ("cpu", "cuda", "metal"),
}
_SLOT = re.compile(r"\{([a-z]+)\}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ask(intent: Intent, rng: random.Random) -> tuple[str, str]:
    """Return one question about the intent and the answer to it."""
    if intent.questions and rng.random() < 0.16:
        core, framed = expand(rng.choice(intent.questions), rng), False
    else:
        core, framed = expand(rng.choice(intent.wordings), rng), True
    values = dict(intent.defaults)
    for slot in _SLOT.findall(core):
        values[slot] = rng.choice(_SLOTS[slot])
    core = _SLOT.sub(lambda found: values[found.group(1)], core)
    if framed:
        core = _frame(_clutter(core, rng), rng)
    question = dress(core, rng)
    return question, _answer(intent, values, rng)


def dress(question: str, rng: random.Random) -> str:
    """Return the question with the manners, the case and the slips of one person."""
    if rng.random() < 0.12:
        question = rng.choice(_OPENINGS) + question
    if rng.random() < 0.12:
        question = question + rng.choice(_ENDINGS)
    if rng.random() < 0.08:
        question = _slip(question, rng)
    case = rng.random()
    if case < 0.65:
        question = question[0].upper() + question[1:]
    elif case < 0.67:
        question = question.upper()
    if rng.random() < 0.5:
        question = _capital_names(question)
    mark = rng.random()
    return question + ("?" if mark < 0.7 else "." if mark < 0.76 else "")


def _clutter(core: str, rng: random.Random) -> str:
    """Add what people say besides: stray words, clauses, a word that nobody knows."""
    words = core.split(" ")
    if rng.random() < 0.10:
        words.insert(rng.randrange(len(words)), rng.choice(_STRAY_WORDS))
    if len(words) > 3 and rng.random() < 0.05:
        words[rng.randrange(len(words))] = rng.choice((*_STRAY_WORDS, _unknown_word(rng)))
    core = " ".join(words)
    return f"{core} {expand(rng.choice(_CLAUSES), rng)}" if rng.random() < 0.25 else core


def _unknown_word(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 7)))


def _frame(core: str, rng: random.Random) -> str:
    return rng.choice(_FRAMES).format(core)


def _answer(intent: Intent, values: dict[str, str], rng: random.Random) -> str:
    command = intent.command.format(**values)
    note = rng.choice(intent.notes)
    if command == "Ctrl-C":
        return f"Press Ctrl-C. {note}"
    lead = "Run" if rng.random() < 0.85 else "Type"
    return f"{lead} `{command}`. {note}"


def _slip(question: str, rng: random.Random) -> str:
    words = question.split(" ")
    place = rng.randrange(len(words))
    word = words[place]
    if len(word) < 4:
        return question
    spot = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        word = word[:spot] + word[spot + 1 :]
    elif kind == 1:
        word = word[:spot] + word[spot] + word[spot:]
    elif kind == 2:
        word = word[: spot] + word[spot + 1] + word[spot] + word[spot + 2 :]
    else:
        word = word[:spot] + rng.choice(_LETTERS) + word[spot + 1 :]
    words[place] = word
    return " ".join(words)


def _capital_names(question: str) -> str:
    for plain, proper in (
        (" i ", " I "), ("cuda", "CUDA"), ("gpu", "GPU"), ("cpu", "CPU"), (" ssh", " SSH"), ("json", "JSON"),
        ("openai", "OpenAI"), ("rhai", "Rhai"), (" pc", " PC"), (" ip ", " IP "), ("http", "HTTP"), ("gguf", "GGUF"),
        ("hugging face", "Hugging Face"), (" metal ", " Metal "), (" mac ", " Mac "), (" api", " API"),
    ):
        question = question.replace(plain, proper)
    return question
