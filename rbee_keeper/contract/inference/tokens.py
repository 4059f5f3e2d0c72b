"""Text to tokens and back: the messages of `POST /tokenize` and `POST /detokenize`."""

from ..wire import Message

MAX_TOKENIZE_CHARACTERS = 500_000
MAX_DETOKENIZE_TOKENS = 131_072


class TokenizeRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Ask for the tokens of a text.

    `add_special` puts the model's begin token in front where the model wants one, `parse_special` reads the text of
    control tokens as these tokens, `with_pieces` asks for the text of each token.
    """

    content: str
    add_special: bool = False
    parse_special: bool = True
    with_pieces: bool = False


class TokenPiece(Message, frozen=True, kw_only=True):
    """One token and its text; a list of bytes where they are no whole characters."""

    id: int
    piece: str | list[int]


class TokenizeAnswer(Message, frozen=True, kw_only=True):
    """The tokens of a text."""

    tokens: list[int | TokenPiece]


class DetokenizeRequest(Message, frozen=True, kw_only=True):
    """Ask for the text of tokens."""

    tokens: list[int]


class DetokenizeAnswer(Message, frozen=True, kw_only=True):
    """The text of tokens; bytes that are no whole character are replaced."""

    content: str
