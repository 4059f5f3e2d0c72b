"""Model files on this machine: from a reference to a path."""

from dataclasses import dataclass
from pathlib import Path

from ..contract.ids import ModelRef
from ..contract.workers import WorkerKind
from ..errors import Forbidden, InvalidInput, ModelNotFound

_FILE_SCHEMES = ("file://", "file:")
_FAKE_SUFFIX = ".fake.json"
_FORMS = "a short name such as bee-tiny, or file:/path/to/model.gguf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model's bytes on disk and the kind of worker that can load them."""

    ref: ModelRef
    path: Path
    kind: WorkerKind
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The folders that references resolve in, the first match winning."""

    roots: tuple[Path, ...]
    bundled: Path
    accept_fake: bool

    def resolve(self, ref: ModelRef, *, is_owner: bool) -> ModelFile:
        """Find the file of a reference; only the owner may name a file outside the roots.

        Raises:
            ModelNotFound: nothing of that name is here.
            InvalidInput: the reference has a form that this version does not know.
            Forbidden: the path is outside the model folders.
        """
        for scheme in _FILE_SCHEMES:
            if ref.startswith(scheme):
                return self._by_path(ref, Path(ref.removeprefix(scheme)), is_owner=is_owner)
        if ref.startswith("/"):
            return self._by_path(ref, Path(ref), is_owner=is_owner)
        if ref.startswith("hf:"):
            raise InvalidInput(
                "models are not downloaded by this version", hint=f"download the file yourself and name {_FORMS}"
            )
        return self._by_name(ref)

    def names(self) -> list[str]:
        """Return the short names that resolve here."""
        folders = (*self.roots, self.bundled)
        return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.gguf")})

    def _by_path(self, ref: ModelRef, path: Path, *, is_owner: bool) -> ModelFile:
        if not path.is_absolute():
            raise InvalidInput("a file reference needs an absolute path", hint=f"use {_FORMS}")
        resolved = path.resolve()
        allowed = (*self.roots, self.bundled)
        if not is_owner and not any(resolved.is_relative_to(root.resolve()) for root in allowed):
            raise Forbidden(
                "the file is outside the model folders",
                hint="move it into a model folder, or add its folder to model_roots in the settings file",
            )
        if not resolved.is_file():
            raise self._not_found()
        return self._file(ref, resolved)

    def _by_name(self, name: ModelRef) -> ModelFile:
        """Look in the folders; a link there leads where the person who owns the folder wanted."""
        if ".." in name.split("/"):
            raise self._not_found()
        for folder in (*self.roots, self.bundled):
            for candidate in (folder / f"{name}.gguf", folder / name):
                if candidate.is_file() and candidate.suffix in (".gguf", ".json"):
                    return self._file(name, candidate.resolve())
        raise self._not_found()

    def _not_found(self) -> ModelNotFound:
        names = self.names()
        known = f"; this machine has {', '.join(names)}" if names else ""
        return ModelNotFound(f"no such model here{known}", hint=f"name {_FORMS}", details={"models": names})

    def _file(self, ref: ModelRef, path: Path) -> ModelFile:
        kind: WorkerKind = "fake" if self.accept_fake and path.name.endswith(_FAKE_SUFFIX) else "llm"
        return ModelFile(ref=ref, path=path, kind=kind, size_bytes=path.stat().st_size)
