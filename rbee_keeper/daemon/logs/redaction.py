"""Makes text harmless for a log: cut, without secrets, on one line.

Every expression here takes time in proportion to the text: none can begin a long match that then fails.
"""

import re

_REDACTED = "[REDACTED]"
_MAX_CHARACTERS = 400

_SECRETS = re.compile(
    r"(?P<keep>bearer\s+|authorization[\"']?\s*[=:]\s*[\"']?(?:[a-z]{1,16}\s+)?"
    r"|(?<![a-z])(?:api_?key|token|secret|password|passwd)[\"']?\s*[=:]\s*[\"']?|://[^/\s:@]+:(?=[^/\s@]+@))"
    r"(?P<secret>[^\s\"',;&@]+)",
    re.IGNORECASE,
)
_KNOWN_FORMS = re.compile(
    r"\b(?:eyJ[\w-]{4,}(?:\.[\w-]*){0,2}"  # a JSON web token, also one that was cut off
    r"|(?:hf_|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|sk-|AIza)[\w-]{10,}|AKIA[0-9A-Z]{12,})"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*", re.DOTALL)


def redact(text: str, limit: int = _MAX_CHARACTERS) -> str:
    """Return the text without tokens, passwords and keys, on one line; it is cut before anything reads it.

    What a terminal would obey, control characters and marks that change the direction of text, becomes blanks.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    text = _PRIVATE_KEY.sub(_REDACTED, text)
    text = _KNOWN_FORMS.sub(_REDACTED, text)
    text = _SECRETS.sub(lambda found: found["keep"] + _REDACTED, text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text[:limit]
