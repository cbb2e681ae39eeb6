"""What instructions of the Tensor engine refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import tile


def matmul(
    stationary="float32", moving=None, k=32, m=16, n=16, dst="float32", buffer="psum", **options
):
    """nc_matmul of zeros."""

    def call(x):
        tiles = zeros((k, m), stationary), zeros((k, n), moving or stationary)
        nisa.nc_matmul(tile((m, n), dst, buffer), *tiles, **options)

    return call


def matmul_mx(k=32, m=16, scale="uint8", **options):
    """nc_matmul_mx of zeros."""

    def call(x):
        tiles = zeros((k, m), "float8_e5m2_x4"), zeros((k, 16), "float8_e4m3fn_x4")
        scales = zeros((k, m), scale), zeros((k, 16), "uint8")
        nisa.nc_matmul_mx(tile((m, 16), "float32", "psum"), *tiles, *scales, **options)

    return call


def indirect(dtype):
    """nc_matmul of a gathered stationary tile."""

    def call(x):
        gathered = zeros((32, 16), dtype).indirect(zeros((32, 1), "uint16"))
        nisa.nc_matmul(tile((16, 16), "float32", "psum"), gathered, zeros((32, 16), dtype))

    return call


def second_half(x):
    """nc_matmul that adds to a half of an accumulator of which the other one was written."""
    acc, a = tile((16, 32), "float32", "psum"), zeros((32, 16), "bfloat16")
    nisa.nc_matmul(acc[:, 0:16], a, a, accumulate=False)
    nisa.nc_matmul(acc[:, 16:32], a, a, accumulate=True)


REFUSED = {
    "nc_matmul adds to a fresh half": (
        "trn3",
        second_half,
        (
            "nc_matmul: accumulate=True adds to psum_2 [16, 16] (allocated in line N), but "
            "nothing has written it; overwrite it first with accumulate=False, for example "
            "accumulate=k > 0, or leave accumulate out"
        ),
    ),
    "nc_matmul fp32 x bf16": (
        "trn3",
        matmul(stationary="float32", moving="bfloat16"),
        (
            "nc_matmul: stationary is float32 and moving is bfloat16; float32 goes only with "
            "float32: cast one of them with nisa.tensor_copy"
        ),
    ),
    "nc_matmul e4m3fn x e4m3": (
        "trn3",
        matmul(stationary="float8_e4m3fn", moving="float8_e4m3"),
        ("nc_matmul: float8_e4m3 and float8_e4m3fn may not meet in one matmul; cast one"),
    ),
    "nc_matmul int8": (
        "trn3",
        matmul(stationary="int8"),
        (
            "nc_matmul: stationary is int8; TensorE multiplies float32, tfloat32, bfloat16, "
            "float16, float8_e4m3, float8_e4m3fn, float8_e5m2"
        ),
    ),
    "nc_matmul fp16 psum": (
        "trn3",
        matmul(dst="float16"),
        ("nc_matmul: dst is float16, PSUM of NeuronCore-v4 takes float32 or bfloat16"),
    ),
    "nc_matmul bf16 psum trn2": (
        "trn2",
        matmul(dst="bfloat16"),
        ("nc_matmul: dst is bfloat16, PSUM of NeuronCore-v3 takes float32"),
    ),
    "nc_matmul N 513 trn2": (
        "trn2",
        matmul(n=513),
        (
            "nc_matmul: K, M, N = 32, 16, 513 exceeds (128, 128, 512); split the operands into "
            "tiles of at most that size"
        ),
    ),
    "nc_matmul N 4097 trn3": (
        "trn3",
        matmul(n=4097),
        (
            "nc_matmul: K, M, N = 32, 16, 4097 exceeds (128, 128, 4096); split the operands into "
            "tiles of at most that size"
        ),
    ),
    "nc_matmul dst sbuf": (
        "trn3",
        matmul(buffer="sbuf"),
        ("nc_matmul: dst is in SBUF, allowed is PSUM; copy it with nisa.tensor_copy first"),
    ),
    "nc_matmul accumulate=True fresh": (
        "trn3",
        matmul(accumulate=True),
        (
            "nc_matmul: accumulate=True adds to psum_4 [16, 16] (allocated in line N), but "
            "nothing has written it; overwrite it first with accumulate=False, for example "
            "accumulate=k > 0, or leave accumulate out"
        ),
    ),
    "nc_matmul double_row trn1": (
        "trn1",
        lambda x: nisa.nc_matmul(
            tile((16, 16), "float32", "psum"),
            zeros((32, 2, 16), "float8_e4m3"),
            zeros((32, 2, 16), "float8_e4m3"),
            perf_mode="double_row",
        ),
        (
            "nc_matmul in double_row: exists from NeuronCore-v3 (trn2) on, this is "
            "NeuronCore-v2; leave perf_mode out"
        ),
    ),
    "nc_matmul double_row e4m3fn trn2": (
        "trn2",
        lambda x: nisa.nc_matmul(
            tile((16, 16), "float32", "psum"),
            zeros((32, 2, 16), "float8_e4m3fn"),
            zeros((32, 2, 16), "float8_e4m3fn"),
            perf_mode="double_row",
        ),
        (
            "nc_matmul: float8_e4m3fn exists on NeuronCore-v4 only, this is NeuronCore-v3; use "
            "float8_e4m3"
        ),
    ),
    "nc_matmul double_row col tile": (
        "trn3",
        lambda x: nisa.nc_matmul(
            tile((16, 16), "float32", "psum"),
            zeros((32, 2, 16), "float8_e4m3"),
            zeros((32, 2, 16), "float8_e4m3"),
            perf_mode="double_row",
            tile_position=(0, 0),
            tile_size=(32, 32),
        ),
        (
            "nc_matmul: tile_position (0, 0), tile_size (32, 32); only rows can be tiled here: "
            "the columns are 0 and 128"
        ),
    ),
    "nc_matmul tile (32,128) trn1": (
        "trn1",
        matmul(tile_position=(0, 0), tile_size=(32, 128)),
        (
            "nc_matmul: tile_size (32, 128) at (0, 0); rows and columns of a tile are 64, 128 on "
            "NeuronCore-v2 (trn1)"
        ),
    ),
    "nc_matmul tile pos only": (
        "trn3",
        matmul(tile_position=(64, 0)),
        ("nc_matmul: tile_position (64, 0) and tile_size (); set both or none"),
    ),
    "nc_matmul tile pos not multiple": (
        "trn3",
        matmul(tile_position=(32, 0), tile_size=(64, 128)),
        (
            "nc_matmul: tile_position (32, 0) is not a multiple of tile_size (64, 128) within "
            "(128, 128)"
        ),
    ),
    "nc_matmul tile pos 128": (
        "trn3",
        matmul(tile_position=(128, 0), tile_size=(32, 128)),
        (
            "nc_matmul: tile_position (128, 0) is not a multiple of tile_size (32, 128) within "
            "(128, 128)"
        ),
    ),
    "nc_matmul K over tile": (
        "trn3",
        matmul(k=64, tile_position=(0, 0), tile_size=(32, 128)),
        ("nc_matmul: stationary [64, 16] exceeds tile_size (32, 128); use a larger tile"),
    ),
    "nc_matmul indirect fp32": (
        "trn3",
        indirect("float32"),
        (
            "nc_matmul with an .indirect() view: stationary is float32, allowed is float16 or "
            "bfloat16 or float8_e4m3 or float8_e4m3fn or float8_e5m2; write it in such a dtype, "
            "or cast it with nisa.tensor_copy"
        ),
    ),
    "nc_matmul_mx M odd": (
        "trn3",
        matmul_mx(m=15),
        (
            "nc_matmul_mx: K, M, N = 32, 15, 16; at most (128, 128, 4096), and M even: split or "
            "pad the operands"
        ),
    ),
    "nc_matmul_mx K 48": (
        "trn3",
        matmul_mx(k=48),
        (
            "nc_matmul_mx: stationary has 48 partitions, allowed are 32, 64, 96 and 128; pad it "
            "with zeros"
        ),
    ),
    "nc_matmul_mx col tile": (
        "trn3",
        matmul_mx(tile_position=(0, 0), tile_size=(32, 64)),
        (
            "nc_matmul_mx: tile_position (0, 0), tile_size (32, 64); only rows can be tiled "
            "here: the columns are 0 and 128"
        ),
    ),
    "nc_matmul_mx scale int8": (
        "trn3",
        matmul_mx(scale="int8"),
        (
            "nc_matmul_mx: stationary_scale is int8, allowed is float8_e8m0fnu or uint8; write "
            "it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "nc_matmul_mx trn2": (
        "trn2",
        matmul_mx(),
        (
            "nc_matmul_mx: exists from NeuronCore-v4 (trn3) on, this is NeuronCore-v3; use "
            "nisa.nc_matmul on BF16 or FP8"
        ),
    ),
    "nc_transpose vec 33": (
        "trn3",
        lambda x: nisa.nc_transpose(
            tile((33, 32), "float32"), zeros((32, 33), "float32"), engine=nisa.engine.vector
        ),
        (
            "nc_transpose: data [32, 33] exceeds [32, 32] on the Vector engine; use the Tensor "
            "engine for larger tiles, with dst in PSUM"
        ),
    ),
    "nc_transpose tensor 129": (
        "trn3",
        lambda x: nisa.nc_transpose(
            tile((16, 32), "float32", "psum"),
            zeros((32, 129), "float32"),
            engine=nisa.engine.tensor,
        ),
        (
            "nc_transpose: data [32, 129] exceeds [128, 128] on the Tensor engine; transpose it "
            "in square tiles"
        ),
    ),
    "nc_transpose dtype": (
        "trn3",
        lambda x: nisa.nc_transpose(tile((16, 32), "bfloat16", "psum"), x),
        (
            "nc_transpose: data is float32 and dst is bfloat16; a transpose moves bits, so both "
            "must be the same: allocate dst in the dtype of the data"
        ),
    ),
    "nc_transpose scalar": (
        "trn3",
        lambda x: nisa.nc_transpose(
            tile((16, 32), "float32", "psum"), x, engine=nisa.engine.scalar
        ),
        (
            "nc_transpose: runs on vector, tensor of NeuronCore-v4, not on scalar; leave engine "
            "out or name one of these"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said
