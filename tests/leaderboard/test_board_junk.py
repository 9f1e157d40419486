"""Files that are made to fill a machine: refused with bounded memory and time, in a process of their own."""

import gzip
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from tampering import lines_of, number_of, read, replace_predictions, reseal, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

MEMORY = 2**30
SECONDS = 30

VERIFY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
sys.path.insert(0, {here!r})
from board_stripes import Stripes
from rebench.leaderboard.verify import verify
done = verify({board!r}, split=Stripes())
print(sorted({{finding.reason for finding in done.findings}}))
# not ru_maxrss, which begins with what the process had that started this one
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024, file=sys.stderr)
"""


def verified(board):
    """The reasons that a process with bounded resources finds."""
    script = VERIFY.format(seconds=SECONDS, here=str(Path(__file__).parent), board=str(board))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | threads, check=True
    )
    assert int(done.stderr.splitlines()[-1]) < MEMORY
    return done.stdout.strip()


def declared(board, number=1):
    entry = read(board)["entries"][number - 1]
    return board.parent / entry["predictions"]["file"]


@pytest.mark.parametrize("junk", [b"\0", b"[", b"{}\n", b'{"a":'])
def test_a_board_of_200_mb(tmp_path, junk):
    path = tmp_path / "board.json"
    path.write_bytes(junk * (200 * 2**20 // len(junk)))
    assert verified(path) == "['file']"


def test_a_board_as_large_as_is_read(tmp_path):
    """One fault in each of millions of places: entries, keys of one entry, keys of many entries."""
    path = tmp_path / "board.json"
    room = 16 * 2**20 - 60
    entries = b",".join([b"{}"] * (room // 3))
    keys = b",".join(b'"%x":1' % number for number in range(room // 11))
    both = b",".join([b"{" + b",".join(b'"%d":1' % k for k in range(900)) + b"}"] * 1900)
    for wrapped in (b'"entries": [], ' + keys, b'"entries": [], "board": {' + keys + b"}"):
        rest = b"" if b'"board"' in wrapped else b', "board": {}'
        path.write_bytes(b'{"schema_version": 1, ' + wrapped + rest + b"}")
        assert "schema" in verified(path)
    for content in (entries, b"{" + keys + b"}", both):
        path.write_bytes(b'{"schema_version": 1, "board": {}, "entries": [' + content + b"]}")
        assert "schema" in verified(path)


@pytest.mark.parametrize("line", [b"\0" * 2**20, b"{}\n" * 2**18, b'{"rle": "0", "sample_id": ""}\n' * 2**15])
def test_an_archive_that_unpacks_to_gigabytes(board, line):
    gz = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    first, again = (gz.compress(line) + gz.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    declared(board).write_bytes(first + again * (3 * 2**30 // len(line)))
    assert verified(board) == "['predictions']"


def test_an_archive_of_junk_that_is_declared_as_it_is(board):
    replace_predictions(board, 1, None, text=b"\0" * (100 * 2**20))
    assert verified(board) == "['predictions']"


def test_an_archive_of_200_mb_that_does_not_compress(board):
    declared(board).write_bytes(os.urandom(200 * 2**20))
    assert verified(board) == "['predictions']"


@pytest.mark.parametrize(
    "begin",
    [gzip.compress(b"", mtime=0), b"\x1f\x8b\x08\x08\0\0\0\0\0\3" + b"x" * 2**20],
    ids=["empty members", "a header"],
)
def test_an_archive_of_200_mb_without_text(board, begin):
    """Millions of empty members, and one whose header never ends."""
    declared(board).write_bytes(begin * (200 * 2**20 // len(begin)))
    assert verified(board) == "['predictions']"


def test_a_hundred_million_blank_lines(board):
    text = b"".join(json.dumps(row).encode() + b"\n" for row in lines_of(board, 1))
    replace_predictions(board, 1, None, text=text + b"\n" * (120 * 2**20))
    assert verified(board) == "['predictions']"


def test_ids_and_headers_as_long_as_a_line_may_be(board):
    row = '{{"sample_id": "{}😀{}", "rle": 0}}\n'
    rows = (row.format("x" * (4 * 2**20 - 100), number).encode() for number in range(31))
    replace_predictions(board, 1, None, text=b"".join(rows))
    assert verified(board) == "['unknown_sample']"


def test_masks_made_to_be_decoded(board):
    rows = lines_of(board, 1)
    rows[1]["rle"] = {"size": [10**9, 10**9], "counts": number_of(10**18)}
    rows[2]["rle"] = {"size": [12, 16], "counts": "1" * (3 * 2**20)}
    rows[3]["rle"] = number_of(2**62) * 1000
    rows[4]["rle"] = {"size": [12, 16], "counts": [1] * 10**6}
    rows[5]["rle"] = {"size": [12, 16], "counts": [[]] * 10**6}
    rows[6]["rle"] = [[0, 0, 10**9, 0, 10**9, 10**9]] * 100
    replace_predictions(board, 1, rows)
    assert verified(board) == "['mask']"


def test_a_hundred_thousand_rows_nobody_asked_for(board):
    rows = lines_of(board, 1)
    more = [{"sample_id": f"stripes/{k}/x", "rle": "PP"} for k in range(10**5)]
    replace_predictions(board, 1, rows + more)
    assert verified(board) == "['unknown_sample']"


def test_texts_as_long_as_a_board_may_be(board):
    document = read(board)
    document["entries"][0]["model"]["authors"] = ["x" * (8 * 2**20)]
    write(board, reseal(document))
    assert "schema" in verified(board)
