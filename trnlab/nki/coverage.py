"""What of NKI exists here, as the table in docs/nki-coverage.md.

    python -m trnlab.nki.coverage > docs/nki-coverage.md

The names are those of NKI 0.6. Whether a name has values and time is read from the code: from the
instruction's own `execute`, `cost` and `cost_source`, or from where a function is defined.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import trnlab.isa
from trnlab.isa.instruction import Instruction
from trnlab.nki import collectives, isa, language

ISA = """
    nc_matmul nc_matmul_mx nc_transpose activation activation_reduce activate2 tensor_tensor
    tensor_scalar scalar_tensor_tensor tensor_scalar_reduce tensor_scalar_cumulative
    tensor_tensor_scan tensor_reduce tensor_partition_reduce tensor_copy tensor_copy_predicated
    reciprocal exponential iota affine_select range_select select_reduce bn_stats bn_aggr max8
    nc_find_index8 nc_match_replace8 topk nonzero_with_count nc_stream_shuffle local_gather
    nc_n_gather sequence_bounds memset quantize_mx dropout rng rand2 set_rng_seed rand_set_state
    rand_get_state dma_copy dma_transpose dma_compute core_barrier sendrecv register_alloc
    register_move register_load register_store
""".split()
QUERIES = "get_nc_version get_nc_sub_version".split()
ENUMERATIONS = """
    engine dma_engine reduce_cmd dge_mode oob_mode matmul_perf_mode nc_version
""".split()
CLASSES = "NkiInstruction NkiValidationError VirtualRegister".split()

LANGUAGE = """
    ndarray zeros ones full zeros_like empty_like load store load_transpose2d copy ds
    shared_constant shared_identity_matrix gather_flattened expand_dims broadcast_to transpose
    matmul where device_print rand random_seed dropout sum max min mean prod var all softmax
    rms_norm affine_range sequential_range static_range dynamic_range fori_loop while_loop
    no_reorder program_id num_programs program_ndim is_hbm is_on_chip is_psum is_sbuf add multiply
    maximum exp minimum subtract rsqrt square less greater_equal equal silu gelu_apprx_sigmoid
    greater sin silu_dx logical_and less_equal gelu_apprx_tanh gelu abs sigmoid relu log
    gelu_apprx_sigmoid_dx bitwise_and trunc tanh tan sqrt softplus sign right_shift reciprocal
    power not_equal negative mod mish logical_xor logical_or logical_not left_shift invert gelu_dx
    fmod floor erf_dx erf divide cos ceil bitwise_xor bitwise_or arctan abs_min abs_max
""".split()
OPERATORS_ONLY = "bypass prelu average".split()
DTYPES = """
    int8 int16 int32 uint8 uint16 uint32 bool_ float32 tfloat32 bfloat16 float16 float8_e4m3
    float8_e4m3fn float8_e5m2 float8_e8m0fnu float8_e5m2_x4 float8_e4m3fn_x4 float4_e2m1fn_x4
""".split()
CONSTANTS = "sbuf psum hbm private_hbm shared_hbm tile_size NKIObject NkiTensor".split()

COLLECTIVES = """
    all_reduce all_gather reduce_scatter all_to_all collective_permute collective_permute_implicit
    collective_permute_implicit_reduce collective_permute_implicit_current_processing_rank_id
    rank_id all_gather_v all_to_all_v
""".split()
REGISTERS = ("rank_id", "collective_permute_implicit_current_processing_rank_id")
COMPOSED = ("constants", "movement", "operators", "reductions", "tensors")  # modules of nl
PARTS = {"core_barrier": "core_barrier_wait", "sendrecv": "sendrecv_send"}


class Row(NamedTuple):
    """One name."""

    name: str
    has_values: bool
    has_time: bool | None  # None: it takes none
    source: str
    ours: str = ""  # values that AWS does not document


def instructions() -> dict[str, list[Instruction]]:
    """Every instruction of `trnlab.isa`, by name."""
    found: dict[str, list[Instruction]] = {}
    for module in pkgutil.iter_modules(trnlab.isa.__path__):
        namespace = vars(importlib.import_module(f"trnlab.isa.{module.name}"))
        for value in namespace.values():
            if isinstance(value, Instruction) and value not in found.setdefault(value.name, []):
                found[value.name].append(value)
    return found


def rows() -> Iterator[tuple[str, list[Row]]]:
    """All names, by section."""
    known = instructions()
    yield "nki.isa: instructions", [_instruction(name, known) for name in ISA]
    yield (
        "nki.isa: everything else",
        [_plain(isa, name) for name in (*QUERIES, *ENUMERATIONS, *CLASSES)],
    )
    yield "nki.language: functions", [_function(name) for name in LANGUAGE]
    yield (
        "nki.language: everything else",
        [_plain(language, name) for name in (*OPERATORS_ONLY, *DTYPES, *CONSTANTS)],
    )
    yield "nki.collectives", [_collective(name, known) for name in COLLECTIVES]


def _instruction(name: str, known: dict[str, list[Instruction]]) -> Row:
    variants = known.get(PARTS.get(name, name))
    exists = hasattr(isa, name)
    if variants is None:
        return Row(name, exists, None, "a register of the sequencers, no instruction")
    sources = dict.fromkeys(variant.cost_source for variant in variants)
    return Row(
        name,
        exists and all(_overrides(variant, "execute") for variant in variants),
        exists and all(_overrides(variant, "cost") for variant in variants),
        "; ".join(sources),
        "; ".join(dict.fromkeys(variant.ours for variant in variants if variant.ours)),
    )


def _overrides(instruction: Instruction, method: str) -> bool:
    return getattr(type(instruction), method) is not getattr(Instruction, method)


def _function(name: str) -> Row:
    function = getattr(language, name, None)
    module = getattr(function, "__module__", "").rsplit(".", 1)[-1]
    is_composed = module in COMPOSED or name == "ndarray"
    source = "its nki.isa instructions" if is_composed else "no instruction"
    return Row(name, function is not None, True if is_composed else None, source)


def _collective(name: str, known: dict[str, list[Instruction]]) -> Row:
    exists = hasattr(collectives, name)
    if name in REGISTERS:
        return Row(name, exists, None, "a register of the sequencers, no instruction")
    return Row(name, exists, exists, known["collective_receive"][0].cost_source)


def _plain(module: Any, name: str) -> Row:
    return Row(name, hasattr(module, name), None, "")


def table() -> str:
    """The page, in Markdown."""
    lines = [
        "# NKI in trnlab",
        "",
        "Generated by `python -m trnlab.nki.coverage`. The names are those of NKI 0.6 (Neuron SDK",
        "2.32). *Time* is `-` where the device needs none. Sources of time: *published* by AWS,",
        "*inferred* from published rates and profiles, *assumed* where neither exists. *Ours*:",
        "values that AWS does not document, as they are defined here.",
        "",
        "| section | names | values | time | time published | inferred | assumed |",
        "|---|---|---|---|---|---|---|",
    ]
    sections = list(rows())
    for title, found in sections:
        counts = [
            sum(row.source.startswith(word) for row in found)
            for word in ("published", "inferred", "assumed")
        ]
        values = sum(row.has_values for row in found)
        timed = sum(row.has_time is not False for row in found)
        lines.append(
            f"| {title} | {len(found)} | {values} | {timed} | "
            + " | ".join(map(str, counts))
            + " |"
        )
    for title, found in sections:
        lines += [
            "",
            f"## {title}",
            "",
            "| name | values | time | source of the time | ours |",
            "|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in found]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    time = "-" if row.has_time is None else _yes(row.has_time)
    return f"| `{row.name}` | {_yes(row.has_values)} | {time} | {row.source} | {row.ours} |"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


if __name__ == "__main__":
    print(table(), end="")
