"""The one exception that means: the request or its input is wrong."""


class RebenchError(Exception):
    """A wrong request or wrong input; the command line turns it into one line and exit code 2.

    The message names the thing, and the remedy where there is one: "no folder /data/coco: give
    --data-root or set REBENCH_DATA".
    """


def one_line(text: str) -> str:
    """The text on one line, with control characters escaped: for messages that hold what others wrote."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
