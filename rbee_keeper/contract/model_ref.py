"""References to models: every form that a person may write, read in one place.

    bee-tiny, qwen2.5:0.5b                                a short name
    file:/folder/model.gguf, file:///…, /folder/…         a file of one machine
    hf:org/repo[@revision][:QUANTIZATION][::file=PATH]    a repository of a model hub
    https://host/path/model.gguf                          a download

The text is what travels (`ModelRef`); who must know which form it has calls `parse`.
"""

import re
from dataclasses import dataclass

from ..errors import InvalidInput
from .ids import ModelRef

FORMS = "name a model as bee-tiny, ./folder/model.gguf, file:/folder/model.gguf or hf:org/repo"
SCHEMES = ("hf:", "file:", "https://", "http://")
HIDDEN = ModelRef("(a file of the owner)")
"""Stands where a reference would show callers a path that only the owner may know."""

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST_BYTES = 4096
"""As long as a path can be. Whatever a person can see in a file manager may be in it; what acts on a terminal, turns
text around or cannot be written as UTF-8 may not."""
# texts, which are compiled when the first one of their form is read: most commands read short names only
_HUB = r"(?a)(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<quantization>[\w.-]+))?"
_URL = r"https?://[^/\s?#@]+/[^\s#]+"


@dataclass(frozen=True, slots=True)
class ShortName:
    """A name that a machine looks up in its model folders, with or without the ending of a file."""

    name: str

    def __str__(self) -> str:
        """Return the canonical text."""
        return self.name


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file by its absolute path."""

    path: str

    def __str__(self) -> str:
        """Return the canonical text."""
        return f"file:{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReference:
    """A repository of a hub, and what of it is wanted; empty texts leave it to the one who fetches it."""

    repository: str
    revision: str = ""
    quantization: str = ""
    file: str = ""

    def __str__(self) -> str:
        """Return the canonical text."""
        revision = f"@{self.revision}" if self.revision else ""
        quantization = f":{self.quantization}" if self.quantization else ""
        return f"hf:{self.repository}{revision}{quantization}" + (f"::file={self.file}" if self.file else "")


@dataclass(frozen=True, slots=True)
class UrlReference:
    """A file behind an address of the web."""

    url: str

    def __str__(self) -> str:
        """Return the canonical text."""
        return self.url


ModelReference = ShortName | FileReference | HubReference | UrlReference


def parse(text: str) -> ModelReference:
    """Read a reference; a text that names no scheme and is no absolute path is a short name.

    Raises:
        InvalidInput: it could do harm in a path, a log or a terminal, or has none of the forms.
    """
    if not _is_harmless(text):
        raise _no_reference("this is not a model reference")
    if text.startswith("hf:"):
        return _hub(text.removeprefix("hf:"))
    if text.startswith("file:"):
        return _file(text.removeprefix("file:"))
    if text.startswith(("https://", "http://")):
        return _url(text)
    return FileReference(text) if text.startswith("/") else ShortName(text)


def is_model_ref(text: str) -> bool:
    """Tell whether the text has one of the forms."""
    try:
        parse(text)
    except InvalidInput:
        return False
    return True


def _is_harmless(text: str) -> bool:
    if not text.strip() or _FORBIDDEN.search(text) is not None:
        return False
    return len(text.encode()) <= _MOST_BYTES and ".." not in text.replace(":", "/").replace("=", "/").split("/")


def _hub(text: str) -> HubReference:
    head, has_file, file = text.partition("::file=")
    found = re.fullmatch(_HUB, head)
    if found is None or (has_file and not file.strip("/")):
        raise _no_reference("a reference to a hub has the form hf:org/repo[@revision][:QUANTIZATION][::file=PATH]")
    parts = {name: value or "" for name, value in found.groupdict().items()}
    return HubReference(**parts, file=file)


def _file(text: str) -> FileReference:
    path = text.removeprefix("//") if text.startswith("///") else text
    if not path.startswith("/") or path.startswith("//"):
        raise _no_reference("a file reference needs an absolute path")
    return FileReference(path)


def _url(text: str) -> UrlReference:
    if re.fullmatch(_URL, text) is None:
        raise _no_reference("a download needs an address with a host and a path, without a name or a password in it")
    return UrlReference(text)


def _no_reference(message: str) -> InvalidInput:
    return InvalidInput(message, hint=FORMS)
