"""What the kernels do with one tile: ROWS tokens, in the order of a path, by COLUMNS channels.

The tokens of a tile lie across threads, so a recurrence down its rows takes log2(ROWS) dependent steps and
every load of the tile is under way at once; a loop over tokens would wait for memory 64 times.
"""

import os

import triton
import triton.language as tl

from baselines.ops.library import CHUNK

ROWS = tl.constexpr(CHUNK)
LOG_ROWS = tl.constexpr(CHUNK.bit_length() - 1)
# one line of memory (128 bytes) of float32 where channels are contiguous
COLUMNS = tl.constexpr(32)
LARGEST = tl.constexpr(3.4028234663852886e38)
LARGEST_DOUBLE = tl.constexpr(1.7976931348623157e308)
INTERPRETED = tl.constexpr(os.environ.get("TRITON_INTERPRET") == "1")


@triton.jit
def blocks_of(d):
    """The blocks of channels that d channels make."""
    return (d + COLUMNS - 1) // COLUMNS


@triton.jit
def locate(program, d, chunks, directions):
    """(batch, direction, chunk, channels, which of them exist) of a program; channels vary fastest.

    The first two and the channels are int64: products with strides may pass 2**31.
    """
    blocks = blocks_of(d)
    chunk, rest = program // blocks % chunks, program // blocks // chunks
    column = (program % blocks * COLUMNS + tl.arange(0, COLUMNS)).to(tl.int64)
    return (rest // directions).to(tl.int64), (rest % directions).to(tl.int64), chunk, column, column < d


@triton.jit
def visit(paths, path, mask, batch, positions, L):
    """The tokens at some positions of a path: (token, whether there is one, whether it counts).

    Only tokens that count are ever read, so nothing that stands at the others can reach a result.
    """
    inside = (positions >= 0) & (positions < L)
    if paths is None:
        token = tl.where(inside, positions, 0).to(tl.int64)
    else:
        token = tl.load(paths + path * L + positions, mask=inside, other=0)
        inside = inside & (token >= 0) & (token < L)  # a wrong path must not reach other memory
        token = tl.where(inside, token, 0)
    counts = inside
    if mask is not None:
        counts = inside & (tl.load(mask + batch * L + token, mask=inside, other=0) != 0)
    return token, inside, counts


@triton.jit
def load_tile(base, token, t_stride, column, c_stride, where, TYPE: tl.constexpr):
    """A tile as TYPE, 0 where nothing may be read."""
    at = base + token[:, None] * t_stride + column[None, :] * c_stride
    return tl.load(at, mask=where, other=0).to(TYPE)


@triton.jit
def load_steps(
    steps, s_c, s_l, weight, bias, k, token, counts, column, there, d,
    R: tl.constexpr, SOFTPLUS: tl.constexpr, TYPE: tl.constexpr,
):  # fmt: skip
    """The steps of a tile and their derivative by what goes into the softplus; both 0 where no token counts.

    Without a weight the steps lie there for every channel; with one they are its product with R numbers of
    the token, by plain multiply-add: R is small, and no tensor core rounds its inputs.
    """
    where = counts[:, None] & there[None, :]
    if weight is None:
        v = load_tile(steps, token, s_l, column, s_c, where, TYPE)
    else:
        v = tl.full([ROWS, COLUMNS], 0, TYPE)
        for r in range(R):
            low = tl.load(steps + token * s_l + r * s_c, mask=counts, other=0).to(TYPE)
            w = tl.load(weight + (k * d + column) * R + r, mask=there, other=0).to(TYPE)
            v += low[:, None] * w[None, :]
    v += tl.load(bias + k * d + column, mask=there, other=0).to(TYPE)[None, :]
    slope = tl.full([ROWS, COLUMNS], 1, TYPE)
    if SOFTPLUS:
        v, slope = _softplus(v)
    return tl.where(where, v, 0), tl.where(where, slope, 0)


@triton.jit
def _softplus(v):
    """log(1 + exp(v)) and its derivative; the identity above 20, accurate however small the result."""
    x = -tl.abs(v)
    if v.dtype == tl.float64:
        z = tl.exp(x)
    else:  # exp to about one unit in the last place; the usual one of float32 is off by |x| of them
        x = tl.where(x < -110, -110, x)  # the result is 0 from -104; unlike a maximum, this keeps NaN
        n = tl.floor(x * 1.4426950408889634 + 0.5)
        rest = (x - n * 0.693359375) + n * 2.12194440054690583e-4  # ln 2 in two parts, the first of 9 bits
        half = tl.floor(n * 0.5)  # two powers of two, since 2**n itself may be too small a number
        power = ((half.to(tl.int32) + 127) << 23).to(tl.float32, bitcast=True)
        other = (((n - half).to(tl.int32) + 127) << 23).to(tl.float32, bitcast=True)
        z = tl.exp2(rest * 1.4426950408889634) * power * other
    # log1p(z) = 2 atanh(s), with z - s z for 2 s, in which an error of the division is a small one
    s = z / (z + 2)
    q = s * s
    TERMS: tl.constexpr = 15 if v.dtype == tl.float64 else 7
    series = tl.full(v.shape, 0, v.dtype)
    for k in tl.static_range(TERMS, 0, -1):
        series = (series + 2 / (2 * k + 1)) * q
    large = v > 20
    value = tl.where(large, v, tl.maximum(v, 0) + (z - s * (z - series)))
    return value, tl.where(large, 1, tl.where(v >= 0, 1, z) / (z + 1))


@triton.jit
def bounded(decay):
    """A product of decays kept finite, so that a state of 0 times it is 0 (A may be positive)."""
    return tl.minimum(decay, LARGEST_DOUBLE if decay.dtype == tl.float64 else LARGEST)


@triton.jit
def _then(a, b, later_a, later_b):
    return bounded(a * later_a), later_a * b + later_b


@triton.jit
def recur(a, b, REVERSE: tl.constexpr):
    """h[t] = a[t] h[t-1] + b[t] down the rows of a tile, or up them if REVERSE; h is 0 before the first."""
    if INTERPRETED:  # its associative scan takes one element at a time: doubling is faster
        row = tl.broadcast_to(tl.arange(0, ROWS)[:, None], a.shape)
        largest = LARGEST_DOUBLE if a.dtype == tl.float64 else LARGEST
        for i in tl.static_range(LOG_ROWS):
            source = row + 2**i if REVERSE else row - 2**i
            exists = source < ROWS if REVERSE else source >= 0
            source = tl.where(exists, source, row)
            b += tl.where(exists, a * tl.gather(b, source, 0), 0)
            a = tl.where(exists, tl.minimum(a * tl.gather(a, source, 0), largest), a)
        h = b
    else:
        _, h = tl.associative_scan((a, b), 0, _then, reverse=REVERSE)
    return h


@triton.jit
def total_of(tile, AXIS: tl.constexpr):
    """The sum along an axis."""
    # PyTorch may have imported Triton before it was told to interpret; then tl.sum cannot be interpreted
    return tl.reduce(tile, AXIS, tl.standard._sum_combine) if INTERPRETED else tl.sum(tile, AXIS)


@triton.jit
def shift(tile, BY: tl.constexpr, fill):
    """Row t becomes what row t - BY was, or `fill` where there is none."""
    row = tl.broadcast_to(tl.arange(0, ROWS)[:, None] - BY, tile.shape)
    exists = (row >= 0) & (row < ROWS)
    return tl.where(exists, tl.gather(tile, tl.where(exists, row, 0), 0), fill)


@triton.jit
def pick(tile, row):
    """One row of a tile."""
    return total_of(tl.where(tl.arange(0, ROWS)[:, None] == row, tile, 0), 0)
