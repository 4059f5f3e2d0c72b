"""Gets the peers to measure with: llama.cpp's own programs of the very version that rbee links, and a Python server.

The source distribution of the installed llama-cpp-python is fetched with pip and `llama-server` and
`llama-batched-bench` are built from it with the flags of the wheel. What is built stays in the person's cache folder
under `rbee/peers/VERSION`. Needs cmake and a C++ compiler once.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = "llama-cpp-python"
_PROGRAMS = ("llama-server", "llama-batched-bench")
_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON",
    "-DBUILD_SHARED_LIBS=ON",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
)


def llama_server() -> Path:
    """Return the built server, building it first when it is not there."""
    return _program("llama-server")


def batched_bench() -> Path:
    """Return the program that decodes in batches with no server around it."""
    return _program("llama-batched-bench")


def python_server() -> Path:
    """Return an interpreter that can run `-m llama_cpp.server` on the very engine of this installation."""
    folder = _folder() / "python-server"
    interpreter = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        _copy_engine(interpreter)
        wanted = f"{_PACKAGE}[server]=={_version()}"
        _run([str(interpreter), "-m", "pip", "install", "--quiet", "--prefer-binary", wanted])
        (folder / "ready").touch()
    return interpreter


def model_file(name: str) -> Path:
    """Return the model with random weights of that name, or the file itself when it is a path."""
    if Path(name).suffix == ".gguf":
        return Path(name)
    folder = _cache() / "models"
    path = folder / f"{name}.gguf"
    if not path.exists():
        script = Path(__file__).parent.parent / "scripts" / "random_models.py"
        with tempfile.TemporaryDirectory(dir=_made(folder)) as unfinished:
            _run([sys.executable, str(script), "--out", unfinished, name])
            (Path(unfinished) / path.name).rename(path)
    return path


def quiet_environment() -> Mapping[str, str]:
    """Return this environment without what would change a peer or rbee: their own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("RBEE_", "LLAMA_", "GGML_"))}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rbee" / "peers"


def _version() -> str:
    return importlib.metadata.version(_PACKAGE)


def _folder() -> Path:
    return _made(_cache() / _version())


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nfailed with {done.returncode}:\n{done.stdout[-3000:]}")


def _program(name: str) -> Path:
    programs = _folder() / "bin"
    if not all((programs / program).exists() for program in _PROGRAMS):
        _build(programs)
    return programs / name


def _build(programs: Path) -> None:
    """Build in a folder beside the place, so that a build that was broken off leaves nothing that looks finished."""
    if shutil.which("cmake") is None:
        sys.exit("cmake is missing: the peers are built from source; install cmake and a C++ compiler")
    print(f"building llama.cpp's programs of {_PACKAGE} {_version()}, once; this takes minutes", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=_folder()) as work:
        source = _source(Path(work))
        build = Path(work) / "build"
        generator = ("-G", "Ninja") if shutil.which("ninja") else ()
        _run(["cmake", "-S", str(source), "-B", str(build), *generator, *_FLAGS])
        jobs = str(os.cpu_count() or 1)
        _run(["cmake", "--build", str(build), "--parallel", jobs, "--target", *_PROGRAMS])
        shutil.rmtree(programs, ignore_errors=True)
        (build / "bin").rename(programs)


def _source(work: Path) -> Path:
    """Fetch and unpack the source distribution; return the folder of llama.cpp in it."""
    wanted = f"{_PACKAGE}=={_version()}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", _PACKAGE]
    _run([*pip, "--dest", str(work), wanted])
    archive = next(work.glob("*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(work, filter="data")
    return next(work.glob("*/vendor/llama.cpp"))


def _copy_engine(interpreter: Path) -> None:
    """Copy the installed engine, so that nothing is compiled again and both servers run the same library."""
    found = importlib.util.find_spec("llama_cpp")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    ask = [str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    place = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    shutil.copytree(package, place / package.name, dirs_exist_ok=True)
    description = next(package.parent.glob("llama_cpp_python-*.dist-info"))
    shutil.copytree(description, place / description.name, dirs_exist_ok=True)


if __name__ == "__main__":
    print(llama_server(), batched_bench(), python_server(), sep="\n")
