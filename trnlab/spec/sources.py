"""The documents that the records name.

Paths are files of AWS's public repository aws-neuron/aws-neuron-sdk, unless another is named.
"""

_ARCH = "nki/guides/architecture/"
_HARDWARE = "about-neuron/arch/neuron-hardware/"

TRN1_GUIDE = _ARCH + "trainium_inferentia2_arch.rst"
TRN2_GUIDE = _ARCH + "trainium2_arch.rst"
TRN3_GUIDE = _ARCH + "trainium3_arch.rst"
TRN1_PAGE = _HARDWARE + "trainium.rst"
TRN2_PAGE = _HARDWARE + "trainium2.rst"
TRN3_PAGE = _HARDWARE + "trainium3.rst"
TRN1_SYSTEMS = _HARDWARE + "trn1-arch.rst"
TRN2_SYSTEMS = _HARDWARE + "trn2-arch.rst"
TRN3_SYSTEMS = _HARDWARE + "trn3-arch.rst"
V2_PAGE = _HARDWARE + "neuron-core-v2.rst"
V3_PAGE = _HARDWARE + "neuron-core-v3.rst"
V4_PAGE = _HARDWARE + "neuron-core-v4.rst"

ISA = "nki/api/nki/isa/__init__.py"
ISA_COSTS = "nki/api/nki/isa/__init__.py at v2.26.1 (cost of each instruction)"
TILE_SIZE = "nki/api/generated/nki.language.tile_size.rst"
SHARED = "nki/api/nki.api.shared.rst"
PERF_GUIDE = "nki/deep-dives/nki_perf_guide.rst"
MX_GUIDE = "nki/deep-dives/mxfp-matmul.rst"
DGE = "nki/deep-dives/nki-dge.rst"
DMA_OVERVIEW = "nki/get-started/about/nki-dma-overview.rst"
DMA_BANDWIDTH = "nki/deep-dives/nki-dma-bandwidth-guide.rst"
OVERLAP = "neuron-runtime/explore/compute-comm-overlap.rst"
THROTTLING = "tools/neuron-explorer/overview-summary-page.rst (throttling)"
SCHEMA = "tools/neuron-explorer/profile-schema-reference.rst"
LNC = "about-neuron/arch/neuron-features/logical-neuroncore-config.rst"

TUTORIAL_PROFILES = "profiles of nki/guides/tutorials/kernel-optimization.rst"
RMSNORM_PROFILES = "profiles of nki/library/specs/design-rmsnorm-quant.rst"
PERF_PROFILES = "profiles of nki/deep-dives/nki_perf_guide.rst"
DMA_PROFILES = "profiles of nki/get-started/about/nki-dma-overview.rst"
MAMBA_PROFILES = "profiles of nki/guides/tutorials/fused_mamba.rst"
HOWTO_PROFILES = "profiles of nki/guides/use-neuron-profile.rst"
KERNEL_PROFILES = (
    "eight profiles of allenkchau/trainium-kernel-fusion, profiling/artifacts (trn2.3xlarge)"
)
AUTOCOMP = "ucb-bar/autocomp, examples/trn-tutorial/1_gemm_trace.py"
ALLOCATOR = "nki/library/kernel-utils/allocator.rst"
LIBRARY_LIMITS = (
    "aws-neuron/nki-library: core/mlp/mlp_cte/mlp_cte_constants.py (without the 16,384 bytes of "
    "DynamicDMAScratchLoc and the 8 of EvalAccelReservedLoc)"
)
COMPILER_LIMITS = "nkipy: nkigen/mlir/include/nkipy/Transforms/HardwareConstants.h"
