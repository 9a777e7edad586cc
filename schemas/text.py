"""What happens to text people type, once, on its way in."""

from __future__ import annotations

__all__ = ["clean_text", "counted", "one_line"]


def clean_text(text: str) -> str:
    r"""Return `text` as it can be stored everywhere, with nothing readable lost.

    NUL and lone surrogates, which JSON allows and files, CSV readers and UTF-8 do not,
    become U+FFFD. Line ends become `\n`. Everything else (emoji, right-to-left marks,
    combining characters, leading blanks) stays as typed.

    >>> clean_text("a\x00b\r\nc")
    'a�b\nc'
    """
    text = text.replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: object, limit: int = 120) -> str:
    """Return `text` shortened to one line of at most `limit` characters, for messages."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def counted(n: int, one: str, more: str = "") -> str:
    """Return how many there are, in words that agree with the number.

    Args:
        n: How many.
        one: Words for a single one.
        more: Words for any other number; `one` with an s where absent.

    >>> counted(1, "rater has", "raters have"), counted(0, "rating")
    ('1 rater has', '0 ratings')
    """
    return f"{n} {one if n == 1 else more or one + 's'}"
