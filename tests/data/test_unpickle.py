import contextlib
import os
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebench.data.unpickle import read_pickle
from rebench.errors import RebenchError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(st.integers(), max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN, st.integers(0, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_plain_data_is_read_at_every_protocol(tmp_path, value, protocol):
    file = tmp_path / "a.p"
    file.write_bytes(pickle.dumps(value, protocol))
    assert read_pickle(file) == value


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("module", [b"numpy._core", b"numpy.core"])
def test_numpy_scalars_come_back_as_plain_numbers(tmp_path, protocol, module):
    values = [
        np.int64(-3),
        np.uint8(200),
        np.float32(1.5),
        np.bool_(True),
        np.str_("hé"),
        np.dtype(">i4").type(7),
    ]
    written = pickle.dumps(values, protocol)
    for known in (b"numpy._core", b"numpy.core"):
        if protocol < 4:  # with lengths in front of the names a replacement would break the file
            written = written.replace(known + b".multiarray", module + b".multiarray")
    file = tmp_path / "a.p"
    file.write_bytes(written)
    read = read_pickle(file)
    assert read == [-3, 200, 1.5, True, "hé", 7]
    assert all(type(value).__module__ == "builtins" for value in read)


def test_python_2_strings_are_latin_1(tmp_path):
    file = tmp_path / "a.p"
    file.write_bytes(b"\x80\x02]q\x01U\x04caf\xe9a.")
    assert read_pickle(file) == ["café"]


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_a_hostile_pickle_is_refused_by_name_and_not_run(tmp_path, protocol):
    file, touched = tmp_path / "a.p", tmp_path / "touched"
    file.write_bytes(pickle.dumps([{"ref_id": Evil(os.mkdir, str(touched))}], protocol))
    with pytest.raises(RebenchError, match=rf"{os.mkdir.__module__}\.mkdir: refused"):
        read_pickle(file)
    assert not touched.exists()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "os.system"),
        (b"\x80\x02c__builtin__\neval\n.", "__builtin__.eval"),
        (b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr"),
        (b"cnumpy.core.multiarray\n_reconstruct\n.", "_reconstruct"),
        (b"ccollections\nOrderedDict\n.", "collections.OrderedDict"),
        (b"cnumpy\nload\n.", "numpy.load"),
    ],
)
def test_every_other_name_is_refused(tmp_path, written, name):
    file = tmp_path / "a.p"
    file.write_bytes(written)
    with pytest.raises(RebenchError, match="refused") as error:
        read_pickle(file)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\x00\x01\x02 garbage",
        b"<!DOCTYPE html><html>",
        b"version https://git-lfs.github.com/spec/v1\n",
        b"\x80\x02]r\xff\xff\xff\xff.",  # a memo of four billion entries
        b"]p99999999999\n.",
        b"X\xff\xff\xff\x7fabc.",  # two gigabytes announced
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f].",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"Pname\n.",
        b"\x82\x01.",
        b"0.",
        b".",
        b"h\x05.",
        b"c__builtin__\nset\n}b.",
        b"c__builtin__\nbytes\nJ\x00\x00\x00\x7f\x85R.",  # bytes(2**31)
        b"cnumpy\ndtype\nU\x01O\x85R.",
        b"I" + b"9" * 10_000 + b"\n.",
    ],
)
def test_garbage_is_one_clear_line(tmp_path, written):
    file = tmp_path / "a.p"
    file.write_bytes(written)
    with pytest.raises(RebenchError, match="is not a readable pickle") as error:
        read_pickle(file)
    assert str(file) in str(error.value)


def test_every_truncation_is_refused(tmp_path):
    written = pickle.dumps([{"ref_id": 1, "sentences": [{"sent": "a cat", "sent_id": np.int64(4)}]}], 2)
    file = tmp_path / "a.p"
    for length in range(len(written)):
        file.write_bytes(written[:length])
        with pytest.raises(RebenchError, match="not a readable pickle"):
            read_pickle(file)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_damaged_byte_never_escapes_as_another_error(tmp_path, data):
    written = bytearray(pickle.dumps([{"a": np.int64(1), "b": ("x", {2.5})}], data.draw(st.integers(0, 5))))
    written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path / "a.p"
    file.write_bytes(written)
    with contextlib.suppress(RebenchError):
        read_pickle(file)


def test_a_constructor_cannot_be_rewired_for_the_next_file(tmp_path):
    file = tmp_path / "a.p"
    file.write_bytes(b"c__builtin__\nset\nN}U\x05_makeK\x05s\x86b.")
    read_pickle(file)
    file.write_bytes(pickle.dumps({1, 2}, 2))
    assert read_pickle(file) == {1, 2}


def test_deep_nesting_neither_crashes_nor_hangs(tmp_path):
    depth = 200_000
    file = tmp_path / "a.p"
    file.write_bytes(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")
    assert len(read_pickle(file)) == 1


def test_a_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(RebenchError, match="rebench data check"):
        read_pickle(tmp_path / "refs(unc).p")
