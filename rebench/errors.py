"""The one exception that means: the request or its input is wrong."""


class RebenchError(Exception):
    """A wrong request or wrong input; the command line turns it into one line and exit code 2.

    The message names the thing, and the remedy where there is one: "no folder /data/coco: give
    --data-root or set REBENCH_DATA".
    """
