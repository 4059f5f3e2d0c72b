"""What a terminal is given to show of text from outside."""

import unicodedata

from rbee_keeper.commands.terminal.terminal_text import shown


def test_nothing_that_acts_on_a_terminal_is_left() -> None:
    """Every control character of both sets, and every mark of direction."""
    acting = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"]
    acting += [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in _DIRECTION_CLASSES]
    for character in acting:
        if character not in "\n\t":
            assert character not in shown(f"a{character}b")
            assert shown(f"a{character}b") != "ab"


_DIRECTION_CLASSES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_text_of_every_language_stays_as_it_is() -> None:
    """Hebrew and Arabic are shown by their own letters; only the marks are taken out."""
    for text in ("plain ASCII", "two\nlines\tand a tab", "Größe 日本語 עברית العربية 🐝 é"):
        assert shown(text) == text
