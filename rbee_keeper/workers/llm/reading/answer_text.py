"""Pieces of an answer on their way through a reader, with the figures of the tokens that they came from."""

from ....contract.events import Event, Reasoning, Token, TokenLogprob


class AnswerText:
    """Makes events of text that a reader has released; the tokens' probabilities go with the next content."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.choice = 0
        self._index = -1
        self._logprobs: list[TokenLogprob] = []

    def take(self, token: Token) -> None:
        """Note where the text that follows comes from."""
        self._index, self.choice = token.i, token.choice
        if token.logprobs:
            self._logprobs.extend(token.logprobs)

    def take_end(self) -> None:
        """Note that what follows was held back until the end."""
        self._index += 1

    def content(self, text: str) -> Token:
        """Return text as a piece of the answer."""
        logprobs, self._logprobs = self._logprobs, []
        return Token(t=text, i=self._index, choice=self.choice, logprobs=logprobs)

    def reasoning(self, text: str) -> Reasoning:
        """Return text as a piece of what the model thinks."""
        self._logprobs = []
        return Reasoning(t=text, i=self._index, choice=self.choice)

    def calls(self, events: list[Event]) -> list[Event]:
        """Return the events of calls; the probabilities of their tokens belong to no content."""
        if events:
            self._logprobs = []
        return events
