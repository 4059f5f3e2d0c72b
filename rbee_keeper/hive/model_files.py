"""Model files on this machine: from a reference to a path."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..contract.ids import ModelRef
from ..contract.model_ref import FileReference, HubReference, ShortName, UrlReference, parse
from ..contract.workers import WorkerKind, kind_of_file
from ..errors import Forbidden, InvalidInput, ModelNotFound

_FORMS = "a short name such as bee-tiny, or file:/path/to/model.gguf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model's bytes on disk and the kind of worker that can load them.

    `path` has no links in it, so it is the same whatever the file was called.
    """

    ref: ModelRef
    path: Path
    kind: WorkerKind
    size_bytes: int
    is_in_model_folders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The folders that references resolve in, the first match winning."""

    roots: tuple[Path, ...]
    bundled: Path
    accept_fake: bool

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder whose files anybody may name, in the order in which they are looked through."""
        return (*self.roots, self.bundled)

    def resolve(self, ref: ModelRef, *, is_owner: bool) -> ModelFile:
        """Find the file of a reference; only the owner may name one outside the folders, also when a link leads to it.

        Raises:
            ModelNotFound: nothing of that name is here.
            InvalidInput: the reference has a form that this version does not know.
            Forbidden: the path is outside the model folders.
        """
        match parse(ref):
            case ShortName(name=name):
                return self._by_name(ref, name, is_owner=is_owner)
            case FileReference(path=path):
                return self._by_path(ref, Path(path), is_owner=is_owner)
            case HubReference() | UrlReference():
                hint = f"download the file yourself and name {_FORMS}"
                raise InvalidInput("models are not downloaded by this version", hint=hint)

    def names(self) -> list[str]:
        """Return the short names that resolve here; what in them is no text is shown as a question mark."""
        stems = {path.stem for folder in self.folders for path in _models_in(folder)}
        return sorted(os.fsencode(stem).decode("utf-8", "replace") for stem in stems)

    def _by_path(self, ref: ModelRef, path: Path, *, is_owner: bool) -> ModelFile:
        found = self._file(ref, path)
        if found is None:
            # the same answer for a file that is there and one that is not, or nobody knows which
            if not is_owner and not self._holds(_without_links(path)):
                raise _outside()
            raise self._not_found()
        return self._allowed(found, is_owner=is_owner)

    def _by_name(self, ref: ModelRef, name: str, *, is_owner: bool) -> ModelFile:
        """Look in the folders; a link there leads the owner where they wanted, and nobody else out of the folders."""
        for folder in self.folders:
            for candidate in (folder / f"{name}.gguf", folder / name):
                if candidate.suffix in (".gguf", ".json") and (found := self._file(ref, candidate)) is not None:
                    return self._allowed(found, is_owner=is_owner)
        raise self._not_found()

    def _allowed(self, file: ModelFile, *, is_owner: bool) -> ModelFile:
        if not is_owner and not file.is_in_model_folders:
            raise _outside()
        return file

    def _holds(self, path: Path | None) -> bool:
        """Tell whether a path without links lies in one of the folders."""
        if path is None:
            return False
        roots = (_without_links(folder) for folder in self.folders)
        return any(path.is_relative_to(root) for root in roots if root is not None)

    def _file(self, ref: ModelRef, path: Path) -> ModelFile | None:
        """Describe the file at the path; None where there is none that this process may look at."""
        resolved = _without_links(path)
        if resolved is None:
            return None
        try:
            if not resolved.is_file():
                return None
            size_bytes = resolved.stat().st_size
        except OSError:
            return None
        kind = kind_of_file(resolved.name, accept_scripted=self.accept_fake)
        is_inside = self._holds(resolved)
        return ModelFile(ref=ref, path=resolved, kind=kind, size_bytes=size_bytes, is_in_model_folders=is_inside)

    def _not_found(self) -> ModelNotFound:
        names = self.names()
        known = f"; this machine has {', '.join(names)}" if names else ""
        return ModelNotFound(f"no such model here{known}", hint=f"name {_FORMS}", details={"models": names})


def _models_in(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.glob("*.gguf")


def _without_links(path: Path) -> Path | None:
    """Return where the path leads; None where this process may not look, or the path is too long or no text."""
    try:
        resolved = path.resolve()
        str(resolved).encode()
    except (OSError, ValueError, RuntimeError):
        return None
    return resolved


def _outside() -> Forbidden:
    return Forbidden(
        "the file is outside the model folders",
        hint="move it into a model folder, or add its folder to model_roots in the settings file",
    )
