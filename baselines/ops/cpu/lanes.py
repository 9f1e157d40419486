"""Sixteen neighbouring channels as one value of a numba kernel: vector instructions by construction.

A compiler that vectorises loops by itself gives up at small fixed widths and at memory that might overlap.
So a `Lanes` value is an LLVM vector; it stays in registers through a loop, and `+`, `-` and `*` work on it:

    h = exp(dt * rate) * h + each(B, t) * dt * x

exp, softplus and sigmoid are written out for float32, to a unit or two in the last place; float64 takes exp
from the C library. NaN stays NaN everywhere.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

LANES = 16

# Products may be contracted and sums reordered; NaN and infinity keep their meaning.
FLAGS = ("contract", "reassoc")


def compiled(function: Callable[..., Any]) -> Any:
    """Compile at the first call, run without the interpreter's lock, and keep the machine code on disk."""
    options = {"fastmath": set(FLAGS), "nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # nowhere to keep it: neither beside the source nor in the user's cache folder
        return numba.njit(function, **options)


class Lanes(types.Type):
    """The type of sixteen numbers of one scalar type."""

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        super().__init__(f"Lanes({scalar})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        element = manager.lookup(kind.scalar).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, LANES))


def _register(operation: Any, instruction: str) -> None:
    @infer_global(operation)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            a, b = args
            return signature(a, a, b) if isinstance(a, Lanes) and a == b else None

    @lower_builtin(operation, Lanes, Lanes)
    def _lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=FLAGS)


for _operation, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _register(_operation, _instruction)


def _constant(like: Any, value: float) -> Any:
    return ir.Constant(like.type, [value] * LANES)


def _polynomial(builder: Any, x: Any, coefficients: list[float]) -> Any:
    """The coefficients of the highest power first."""
    value = _constant(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = builder.fadd(builder.fmul(value, x, FLAGS), _constant(x, coefficient), FLAGS)
    return value


def _call(builder: Any, name: str, x: Any) -> Any:
    full = f"llvm.{name}.v{LANES}{'f32' if _is_single(x) else 'f64'}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.type, [x.type]), full)
    return builder.call(function, [x])


def _is_single(x: Any) -> bool:
    return isinstance(x.type.element, ir.FloatType)


# the exponential on half of log 2 to either side of 0, as in Cephes, from the highest power to the second
EXP = [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]


def _build_exp(builder: Any, x: Any) -> Any:
    if not _is_single(x):
        return _call(builder, "exp", x)
    # unordered comparisons with NaN are arranged to keep it
    low, high = _constant(x, -87.0), _constant(x, 89.0)
    below = builder.fcmp_ordered("<", x, low)
    z = builder.select(below, low, x)
    z = builder.select(builder.fcmp_ordered(">", z, high), high, z)
    # x = n log 2 + r with |r| at most half of log 2 and log 2 in two parts
    n = _call(builder, "rint", builder.fmul(z, _constant(x, 1 / math.log(2))))
    r = builder.fadd(z, builder.fmul(n, _constant(x, -0.693359375)), FLAGS)
    r = builder.fadd(r, builder.fmul(n, _constant(x, 2.12194440e-4)), FLAGS)
    p = _polynomial(builder, r, EXP)
    square = builder.fmul(r, r, FLAGS)
    y = builder.fadd(builder.fadd(builder.fmul(p, square, FLAGS), r, FLAGS), _constant(x, 1.0), FLAGS)
    # 2^n as 2 * 2^(n - 1): 2^128 itself is no float32
    integers = ir.VectorType(ir.IntType(32), LANES)
    power = builder.add(builder.fptosi(n, integers), ir.Constant(integers, [126] * LANES))
    power = builder.bitcast(builder.shl(power, ir.Constant(integers, [23] * LANES)), x.type)
    y = builder.fmul(builder.fmul(y, _constant(x, 2.0)), power)
    return builder.select(below, _constant(x, 0.0), y)


# log(1 + e) / e on [0, 1], highest power first: Chebyshev interpolation of degree 9, within 6e-9
LOG1P = [
    -0.0031760570527694654, 0.01954252743780671, -0.056373613209643736, 0.10543623839523661,
    -0.15269667104466478, 0.19663274269437397, -0.2495161626572586, 0.33329710499262943,
    -0.49999892648080163, 0.9999999946562934,
]  # fmt: skip


def _build_log1p(builder: Any, e: Any) -> Any:
    """log(1 + e) for e from 0 to 1, precise however small e is."""
    if _is_single(e):
        return builder.fmul(_polynomial(builder, e, LOG1P), e, FLAGS)
    # 2 artanh(s) with s = e / (2 + e), at most 1/3: its series to the last bit
    s = builder.fdiv(e, builder.fadd(e, _constant(e, 2.0)))
    series = _polynomial(builder, builder.fmul(s, s, FLAGS), [2 / (2 * k + 1) for k in range(17, -1, -1)])
    return builder.fmul(series, s, FLAGS)


def _build_softplus(builder: Any, x: Any) -> Any:
    # max(x, 0) + log(1 + exp(-|x|)) cannot overflow
    log = _build_log1p(builder, _build_exp(builder, builder.fneg(_call(builder, "fabs", x))))
    zero = _constant(x, 0.0)
    positive = builder.select(builder.fcmp_ordered("<", x, zero), zero, x)
    above = builder.fcmp_ordered(">", x, _constant(x, 20.0))
    return builder.select(above, x, builder.fadd(positive, log, FLAGS))


def _build_sigmoid(builder: Any, x: Any) -> Any:
    e = _build_exp(builder, builder.fneg(_call(builder, "fabs", x)))
    one = _constant(x, 1.0)
    top = builder.select(builder.fcmp_ordered(">", x, _constant(x, 0.0)), one, e)
    value = builder.fdiv(top, builder.fadd(e, one))
    return builder.select(builder.fcmp_ordered(">", x, _constant(x, 20.0)), one, value)


def _function(build: Callable[[Any, Any], Any], name: str, doc: str) -> Any:
    def typed(_typing: Any, x: Any) -> Any:
        def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return build(builder, args[0])

        return signature(x, x), code

    typed.__name__, typed.__doc__ = name, doc
    return intrinsic(typed)


exp = _function(_build_exp, "exp", "e to the x.")
softplus = _function(_build_softplus, "softplus", "log(1 + e^x), the identity above 20.")
sigmoid = _function(_build_sigmoid, "sigmoid", "The derivative of softplus: 1 / (1 + e^-x), and 1 above 20.")


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    vector = ir.VectorType(data.type.pointee, LANES)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _alignment(array_type: Any) -> int:
    return int(array_type.dtype.bitwidth) // 8


@intrinsic
def load(_typing: Any, array: Any, index: Any) -> Any:
    """The sixteen numbers of a contiguous array that begin at a flat index."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, sig.args[0], *args)
        return builder.load(pointer, align=_alignment(sig.args[0]))

    return signature(Lanes(array.dtype), array, types.intp), code


@intrinsic
def each(_typing: Any, array: Any, index: Any) -> Any:
    """The number at a flat index of a contiguous array, in every lane."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        value = builder.load(builder.gep(data, [args[1]]))
        empty = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
        first = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, empty, lanes)

    return signature(Lanes(array.dtype), array, types.intp), code


@intrinsic
def store(_typing: Any, value: Any, array: Any, index: Any) -> Any:
    """Write sixteen numbers to where they begin in a contiguous array."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, sig.args[1], args[1], args[2])
        builder.store(args[0], pointer, align=_alignment(sig.args[1]))
        return context.get_dummy_value()

    return signature(types.none, value, array, types.intp), code


@intrinsic
def total(_typing: Any, value: Any) -> Any:
    """The sum of the lanes."""

    def code(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        vector = args[0]
        half = LANES // 2
        while half:  # a tree, always the same one
            upper = [half + j if j < half else 0 for j in range(LANES)]
            other = builder.shuffle_vector(
                vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), LANES), upper)
            )
            vector = builder.fadd(vector, other)
            half //= 2
        return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))

    return signature(value.scalar, value), code


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """A square of LANES vectors with rows and columns exchanged: swap blocks of 8, of 4, of 2, of 1."""
    size = LANES // 2
    while size:
        for i in range(LANES):
            if not i & size:
                a, b = rows[i], rows[i + size]
                first = [LANES + j - size if j & size else j for j in range(LANES)]
                second = [LANES + j if j & size else j + size for j in range(LANES)]
                kind = ir.VectorType(ir.IntType(32), LANES)
                rows[i] = builder.shuffle_vector(a, b, ir.Constant(kind, first))
                rows[i + size] = builder.shuffle_vector(a, b, ir.Constant(kind, second))
        size //= 2
    return rows


@intrinsic
def transpose(_typing: Any, source: Any, start: Any, apart: Any, target: Any, begin: Any, stride: Any) -> Any:
    """Copy a square of LANES x LANES numbers, rows to columns.

    Row r of the source begins at start + r * apart, row r of the target at begin + r * stride: flat indices
    into contiguous arrays.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, start, apart, target, begin, stride = args

        def at(origin: Any, step: Any, row: int) -> Any:
            return builder.add(origin, builder.mul(step, ir.Constant(step.type, row)))

        places = [_pointer(context, builder, sig.args[0], array, at(start, apart, r)) for r in range(LANES)]
        rows = [builder.load(place, align=_alignment(sig.args[0])) for place in places]
        for r, row in enumerate(_transposed(builder, rows)):
            place = _pointer(context, builder, sig.args[3], target, at(begin, stride, r))
            builder.store(row, place, align=_alignment(sig.args[3]))
        return context.get_dummy_value()

    index = types.intp
    return signature(types.none, source, index, index, target, index, index), code


@compiled
def lane_rows(count: int, like: Any) -> Any:
    """Zeros, (count, LANES) of the type of an array, every row at the beginning of a line of the cache.

    A row that straddles two lines costs twice as much, and more where it was just written.
    """
    flat = np.zeros(count * LANES + 64 // like.itemsize, like.dtype)
    first = -flat.ctypes.data % 64 // like.itemsize
    return flat[first : first + count * LANES].reshape(count, LANES)
