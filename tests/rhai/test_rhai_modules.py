"""`import` and `export`, from a folder."""

from pathlib import Path

import pytest

from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.module_folder import ModuleFolder


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    (tmp_path / "scores.rhai").write_text(
        "export const BASE = 10;\nlet hidden = 5;\nfn score(x) { global::SCALE * x }\nprivate fn secret() { 1 }\n"
        "const SCALE = 2;\nfn plain(x) { x + 1 }\nexport hidden as shown;\nfn int.twice() { this * 2 }\n"
    )
    (tmp_path / "self.rhai").write_text('import "self" as again;')
    (tmp_path / "bad.rhai").write_text("let x = ;")
    (tmp_path.parent / "outside.rhai").write_text("export const X = 1;")
    return Engine(Options(modules=ModuleFolder(tmp_path)))


def test_functions_and_constants_are_reached_by_path(engine: Engine) -> None:
    """A policy can be split over files."""
    assert engine.eval('import "scores" as s; [s::plain(1), s::BASE, s::shown]') == [2, 10, 5]


def test_a_module_s_functions_see_its_own_constants(engine: Engine) -> None:
    """`global::` means the module's top level in a module's function."""
    assert engine.eval('const SCALE = 100; import "scores" as s; s::score(4)') == 8


def test_a_function_can_use_a_module_imported_in_it(engine: Engine) -> None:
    """Functions see what they import themselves."""
    assert engine.eval('fn f(x) { import "scores" as s; s::plain(x) } f(4)') == 5


def test_typed_methods_of_a_module_are_global(engine: Engine) -> None:
    """Methods of a type need no path."""
    assert engine.eval('import "scores" as s; fn f() { 0 } 4.twice()') == 8


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ('import "scores" as s; s::secret()', "ErrorFunctionNotFound"),
        ('import "scores" as s; s::NOPE', "ErrorVariableNotFound"),
        ('{ import "scores" as s; } s::BASE', "ErrorModuleNotFound"),
        ('import "nothing" as s;', "ErrorModuleNotFound"),
        ('import "../outside" as s;', "ErrorModuleNotFound"),
        ('import "/etc/hostname" as s;', "ErrorModuleNotFound"),
        ('import "self" as s;', "ErrorStackOverflow"),
        ('import "bad" as s;', "ErrorParsing"),
        ("import 5 as s;", "ErrorMismatchDataType"),
    ],
)
def test_what_cannot_be_imported(engine: Engine, script: str, kind: str) -> None:
    """Private, missing and outside things stay out."""
    with pytest.raises(RhaiError) as caught:
        engine.eval(script)
    assert caught.value.kind == kind


def test_without_a_folder_nothing_can_be_imported() -> None:
    """The default engine reads no files."""
    with pytest.raises(RhaiError, match="Module not found"):
        Engine().eval('import "scores" as s;')
