#!/bin/sh
# Looks for what an installation needs, and says what to install when something is missing.
#
#   preflight.sh PYTHON            a Python that can make a virtual environment
#   preflight.sh --engine PYTHON   a compiler for llama.cpp, unless it is installed or comes ready built

set -eu

stop() {
    echo "preflight: $1" >&2
    echo "  Debian, Ubuntu: apt-get install build-essential python3-venv" >&2
    echo "  Fedora:         dnf install gcc-c++ make python3" >&2
    echo "  macOS:          xcode-select --install; brew install python" >&2
    exit 1
}

check_python() {
    command -v "$1" >/dev/null || stop "there is no $1; Python 3.11 or newer is needed"
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$1 is $("$1" -c 'import platform; print(platform.python_version())'); Python 3.11 or newer is needed (make PYTHON=python3.11 demo)"
    "$1" -c 'import ensurepip, venv' 2>/dev/null || stop "$1 has no venv module"
}

check_engine() {
    wanted=$(sed -n 's/.*"llama-cpp-python==\([^"]*\)".*/\1/p' pyproject.toml)
    "$1" -c "import sys; from importlib.metadata import version; sys.exit(version('llama-cpp-python') != '$wanted')" \
        2>/dev/null && return
    for folder in ${PIP_FIND_LINKS:-}; do
        for wheel in "$folder/llama_cpp_python-$wanted"-*.whl; do
            [ -e "$wheel" ] && echo "Installing rbee, with llama.cpp from $wheel." && return
        done
    done
    for tool in cc c++; do
        command -v "$tool" >/dev/null || stop "there is no $tool; llama.cpp is built from source"
    done
    echo "Installing rbee. llama.cpp is compiled from source now, once: 5 to 8 minutes on two cores."
}

if [ "$1" = --engine ]; then
    check_engine "$2"
else
    check_python "$1"
fi
