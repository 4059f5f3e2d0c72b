"""Turns a short pattern into one of the many sentences it stands for.

``(a|b|)`` picks one alternative, ``<machine>`` picks one synonym of a word class, ``{node}`` is a slot that stays in
place for the caller to fill.
"""

import random
import re

SYNONYMS: dict[str, tuple[str, ...]] = {
    "machine": (
        "machine",
        "computer",
        "node",
        "box",
        "laptop",
        "server",
        "desktop",
        "workstation",
        "pc",
        "host",
        "mac",
        "system",
    ),
    "machines": ("machines", "computers", "nodes", "boxes", "servers", "hosts", "pcs", "systems"),
    "add": ("add", "register", "connect", "attach", "join", "include", "enrol", "set up", "bring in", "introduce"),
    "show": ("show", "list", "display", "see", "print", "view", "look at", "find out", "get", "check"),
    "list": ("list", "show", "see", "display", "view", "print", "get a list of", "look up", "enumerate"),
    "remove": ("remove", "delete", "drop", "forget", "get rid of", "take out", "unregister", "erase", "throw away"),
    "change": ("change", "update", "edit", "modify", "correct", "alter", "adjust", "fix"),
    "set": ("set", "choose", "pick", "change", "use", "give", "specify", "control", "adjust", "pass"),
    "start": ("start", "launch", "run", "bring up", "boot", "begin", "turn on", "fire up", "get going"),
    "stop": ("stop", "shut down", "end", "kill", "turn off", "terminate", "quit", "bring down", "halt"),
    "get": ("get", "download", "fetch", "pull", "grab", "obtain"),
    "ask": ("ask", "prompt", "query", "send a prompt to", "talk to", "put a question to", "chat with"),
    "answer": ("answer", "reply", "output", "response", "result", "text"),
    "make": ("make", "let", "have"),
    "script": ("script", "rhai script", "policy", "routing script", "scheduler script", "rule file", "policy script"),
    "program": ("program", "tool", "software", "command", "application"),
    "cpu": ("cpu", "processor"),
    "gpu": ("gpu", "graphics card", "video card"),
}

_CHOICE = re.compile(r"\(([^()]*)\)")
_CLASS = re.compile(r"<([a-z]+)>")
_SPACES = re.compile(r" {2,}")


def expand(pattern: str, rng: random.Random) -> str:
    """Return one sentence of the pattern, drawn with the given generator."""
    text = pattern
    while "(" in text:
        text = _CHOICE.sub(lambda found: rng.choice(found.group(1).split("|")), text)
    text = _CLASS.sub(lambda found: rng.choice(SYNONYMS[found.group(1)]), text)
    return _SPACES.sub(" ", text).strip()
