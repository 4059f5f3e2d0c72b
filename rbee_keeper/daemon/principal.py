"""The principal: who a request comes from, and what that gives it the right to."""

from dataclasses import dataclass

from starlette.requests import Request

from ..contract.operations.operation import RIGHTS, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls: `id` is the name for logs, `subject` whose things the caller sees and makes."""

    id: str
    subject: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        """Tell whether the principal has the right."""
        return right in self.rights

    @property
    def is_owner(self) -> bool:
        """The principal acts for the person who runs the daemon; things of nobody else are hidden from others."""
        return self.subject == OWNER.subject


OWNER = Principal(id="owner", subject="owner", rights=frozenset(RIGHTS))
ANONYMOUS = Principal(id="anonymous", subject="", rights=frozenset({"open", "submit", "read", "operate"}))
"""Anybody on this machine, as long as no token is required."""
UNKNOWN = Principal(id="unknown", subject="", rights=frozenset({"open"}))
"""Who calls what is open to everybody, and was not asked for a token."""


def principal_of(request: Request) -> Principal:
    """Return who sent the request."""
    principal: Principal = request.scope["principal"]
    return principal
