"""The one error a user can cause, and how it reads.

A message is one line of three parts: what happened, to which thing, what to do next.
"""

from __future__ import annotations

__all__ = ["UserError"]


class UserError(Exception):
    """Something the user must do before the work can go on.

    Caught at the two edges only: the command line (exit 1) and the HTTP routes (4xx).
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        """Keep the parts an edge needs.

        Args:
            code: Stable snake_case name of the fault, for scripts.
            message: One line: what happened, to which thing, what to do.
            status: HTTP status a route answers with.
        """
        self.code = code
        self.message = " ".join(message.split())
        self.status = status
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, tuple[str, str], dict[str, int]]:
        # Exceptions pickle by their message alone, and errors come back from other processes.
        return type(self), (self.code, self.message), {"status": self.status}

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return the document that routes and `--json` print."""
        return {"error": {"code": self.code, "message": self.message}}
