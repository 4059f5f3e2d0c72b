"""The table of modalities: every line can be loaded, and a kind that is not in it is the usual one."""

from importlib import import_module

from rbee_keeper.workers.handlers.model_requests_api import other_capability
from rbee_keeper.workers.modalities import MODALITIES, modality_of


def test_every_module_in_the_table_makes_a_loader() -> None:
    """They are imported late, so a wrong name would only be seen by the first worker of the kind."""
    for modality in MODALITIES.values():
        assert callable(import_module(modality.module).new_loader)


def test_every_capability_in_the_table_has_its_words() -> None:
    """A refusal that fails is a defect that a client sees as INTERNAL_ERROR."""
    capabilities = {each for modality in MODALITIES.values() for each in modality.serves.values()} | {"image-gen"}
    for has in capabilities:
        for wanted in capabilities - {has}:
            error = other_capability(has, wanted)  # type: ignore[arg-type]
            assert error.details == {"capability": has, "wanted": wanted}
            assert error.hint


def test_a_kind_that_nobody_registered_is_the_usual_one() -> None:
    """Its loader says that the file is no model, in words that people know."""
    assert modality_of("what") is MODALITIES["llm"]
