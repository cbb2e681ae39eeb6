"""Counts of public models equal what their checkpoints hold."""

import json
from importlib.resources import files

import pytest

from trnlab.cluster.models import (
    active_parameters,
    cache_values,
    forward_flops,
    from_config,
    gallery,
    model,
    parameters,
    read_config,
    training_flops,
)

# Numbers of parameters that the safetensors metadata on huggingface.co gives, looked up in copies;
# DeepSeek-V3 without its multi-token prediction layer, as its README counts.
PUBLISHED = {
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.1-70b": 70_553_706_496,
    "llama-3.3-70b": 70_553_706_496,
    "llama-3.1-405b": 405_853_388_800,
    "llama-3.2-1b": 1_235_814_400,
    "mistral-7b": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "mixtral-8x22b": 140_620_634_112,
    "qwen2.5-7b": 7_615_616_512,
    "qwen3-8b": 8_190_735_360,
    "qwen3-32b": 32_762_123_264,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-235b-a22b": 235_093_634_560,
    "gpt-oss-20b": 20_914_757_184,
    "gpt-oss-120b": 116_829_156_672,
    "deepseek-v3": 671_026_419_200,
    "gemma-2-9b": 9_241_705_984,
}
# The same of models that are not in the gallery: what their configurations say, and their counts.
OTHERS = {
    "gpt2": ({"n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024,
              "vocab_size": 50257}, 124_439_808),
    "gpt_neox": ({"hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32,
                  "num_attention_heads": 32, "vocab_size": 50432}, 6_857_302_016),
    "gemma": ({"hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18,
               "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256,
               "vocab_size": 256_000}, 2_506_172_416),
    "gemma2": ({"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
                "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
                "vocab_size": 256_000, "sliding_window": 4096}, 2_614_341_888),
    "gemma3_text": ({"hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26,
                     "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
                     "vocab_size": 262_144, "sliding_window": 512}, 999_885_952),
    "phi": ({"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 32,
             "num_attention_heads": 32, "vocab_size": 51200}, 2_779_683_840),
    "phi3": ({"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
              "num_attention_heads": 32, "vocab_size": 32064}, 3_821_079_552),
    "qwen2": ({"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
               "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151_936,
               "tie_word_embeddings": True}, 494_032_768),
    "qwen2_moe": ({"hidden_size": 2048, "intermediate_size": 5632, "moe_intermediate_size": 1408,
                   "shared_expert_intermediate_size": 5632, "num_hidden_layers": 24,
                   "num_attention_heads": 16, "num_experts": 60, "num_experts_per_tok": 4,
                   "decoder_sparse_step": 1, "vocab_size": 151_936}, 14_315_784_192),
    "olmo2": ({"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
               "num_attention_heads": 32, "vocab_size": 100_352}, 7_298_617_344),
    "olmoe": ({"hidden_size": 2048, "intermediate_size": 1024, "num_hidden_layers": 16,
               "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 8,
               "vocab_size": 50304}, 6_919_161_856),
    "starcoder2": ({"hidden_size": 4608, "intermediate_size": 18432, "num_hidden_layers": 32,
                    "num_attention_heads": 36, "num_key_value_heads": 4, "vocab_size": 49152,
                    "sliding_window": 4096}, 7_173_923_840),
    "granite": ({"hidden_size": 4096, "intermediate_size": 12800, "num_hidden_layers": 40,
                 "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 49155,
                 "tie_word_embeddings": True}, 8_170_848_256),
    "deepseek_v2": ({"hidden_size": 2048, "intermediate_size": 10944, "kv_lora_rank": 512,
                     "moe_intermediate_size": 1408, "num_hidden_layers": 27, "q_lora_rank": None,
                     "num_attention_heads": 16, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
                     "v_head_dim": 128, "n_routed_experts": 64, "n_shared_experts": 2,
                     "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1,
                     "vocab_size": 102_400}, 15_706_484_224),
    "mistral": ({"hidden_size": 5120, "intermediate_size": 14336, "num_hidden_layers": 40,
                 "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
                 "vocab_size": 131_072}, 12_247_782_400),
    "llama": ({"hidden_size": 7168, "intermediate_size": 20480, "num_hidden_layers": 60,
               "num_attention_heads": 56, "num_key_value_heads": 8, "vocab_size": 64000},
              34_388_917_248),
}  # fmt: skip
LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 100,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_equal_the_published_checkpoint(name: str) -> None:
    assert parameters(model(name)) == PUBLISHED[name]


@pytest.mark.parametrize("family", OTHERS)
def test_a_model_of_the_user_has_the_parameters_of_its_checkpoint(family: str) -> None:
    config, published = OTHERS[family]
    assert parameters(model({"model_type": family, **config})) == published


def test_one_layer_in_six_of_gemma_3_looks_back_all_the_way() -> None:
    built = model({"model_type": "gemma3_text", **OTHERS["gemma3_text"][0]})
    assert [(count, layer.window) for count, layer in built.groups] == [(22, 512), (4, None)]


def test_the_gallery_has_a_dozen_and_each_can_be_read() -> None:
    assert len(gallery()) >= 12
    assert all(parameters(model(name)) > 1e9 for name in gallery())
    assert all(model(name).source.startswith("huggingface.co/") for name in gallery())


@pytest.mark.parametrize(
    ("name", "billions"),
    [("mixtral-8x7b", 12.9), ("qwen3-30b-a3b", 3.3), ("qwen3-235b-a22b", 22), ("deepseek-v3", 37)],
)
def test_active_parameters_are_those_announced(name: str, billions: float) -> None:
    assert active_parameters(model(name)) / 1e9 == pytest.approx(billions, rel=0.02)


def test_flops_equal_the_formula_of_megatron() -> None:
    """72 B s l h^2 (1 + s / 6h + V / 12 l h), arXiv 2104.04473, for a model without biases."""
    s, layers, h, v = 2048, 24, 1024, 50_000
    config = {
        "model_type": "gpt2",
        "n_embd": h,
        "n_layer": layers,
        "n_head": 16,
        "n_positions": s,
        "vocab_size": v,
    }
    formula = 72 * s * layers * h**2 * (1 + s / (6 * h) + v / (12 * layers * h))
    assert training_flops(from_config(config), s) == pytest.approx(formula, rel=1e-12)


def test_causal_attention_counts_the_pairs_a_token_can_see() -> None:
    built = from_config(LLAMA)
    full, causal, none = (forward_flops(built, 8, how) for how in ("full", "causal", "none"))
    assert (causal - none) / (full - none) == pytest.approx((8 * 9 / 2) / 64)


def test_a_window_bounds_pairs_and_cache() -> None:
    mistral = model("mistral-7b")
    assert cache_values(mistral, 10_000) == 32 * 4096 * 2 * 8 * 128
    oss = model("gpt-oss-20b")
    assert cache_values(oss, 10_000) == 12 * (10_000 + 128) * 2 * 8 * 64


def test_latent_attention_caches_one_vector_for_all_heads() -> None:
    assert cache_values(model("deepseek-v3"), 1) == 61 * (512 + 64)


def test_deepseek_starts_with_three_dense_layers() -> None:
    counts = [(count, layer.experts is None) for count, layer in model("deepseek-v3").groups]
    assert counts == [(3, True), (58, False)]


def test_text_file_dictionary_and_record_give_the_same_model(tmp_path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    built = model(LLAMA)
    assert model(json.dumps(LLAMA)) == model(path) == model(str(path)) == model(built) == built


def without(name: str) -> dict:
    return {key: value for key, value in LLAMA.items() if key != name}


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({**LLAMA, "model_type": "mamba"}, "its model_type is 'mamba', and trnlab knows llama,"),
        (without("model_type"), "it names no model_type"),
        (without("hidden_size"), "the configuration has no hidden_size"),
        ({**LLAMA, "num_hidden_layers": -2}, "num_hidden_layers = -2 should be a whole number"),
        ({**LLAMA, "num_hidden_layers": 9_999_999}, "9,999,999 exceeds 10,000"),
        ({**LLAMA, "vocab_size": "many"}, "vocab_size = 'many' should be a whole number"),
        ({**LLAMA, "tie_word_embeddings": "no"}, "tie_word_embeddings = 'no' should be true or"),
        ({**LLAMA, "attention_bias": 1}, "attention_bias = 1 should be true or false"),
        ({**LLAMA, "num_key_value_heads": 3}, "4 query heads cannot share 3 key and value heads"),
        ({**LLAMA, "hidden_size": 66}, "hidden_size = 66 is not a multiple of 4 heads"),
        (
            {**LLAMA, "model_type": "mixtral", "num_local_experts": 2, "num_experts_per_tok": 3},
            "a token picks 3 of 2 experts",
        ),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(config: dict, part: str) -> None:
    with pytest.raises(ValueError, match="^model: ") as error:
        model(config)
    assert part in str(error.value)


def test_a_picture_is_not_a_configuration(tmp_path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(ValueError, match="not JSON text; give the config.json of a model"):
        model(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "this is a number"),
        ("null", "this is null"),
        ('"llama"', "this is text"),
        ('{"model_type": "llama", "num_hidden_layers": 1000000000}', "from 1 to 10,000,000"),
    ],
)
def test_what_is_no_configuration_is_called_what_it_is(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_config(read_config(text.encode()))


def test_a_list_is_not_a_configuration() -> None:
    with pytest.raises(ValueError, match="a list"):
        from_config([1, 2])


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("meta-llama/Llama-3.1-70B", "llama-3.1-70b"),
        ("Qwen/Qwen3-8B", "qwen3-8b"),
        ("openai/gpt-oss-120b", "gpt-oss-120b"),
    ],
)
def test_a_model_of_the_gallery_has_its_address_too(address: str, name: str) -> None:
    assert model(address) == model(name)
    with pytest.raises(ValueError, match="'someone/Llama-3.1-70B' is not in the gallery"):
        model("someone/Llama-3.1-70B")


def test_an_unknown_name_suggests_a_known_one() -> None:
    with pytest.raises(ValueError, match="Did you mean 'llama-3.1-70b'"):
        model("llama-3.1-71b")


ODD = [None, [], {}, "x", -1, 0, 1.5, True, 10**30, float("nan"), [1, "a"], {"a": 1}, "9" * 5000]


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gpt-oss-20b", "deepseek-v3", "qwen3-30b-a3b"])
def test_whatever_stands_in_a_configuration_it_is_counted_or_refused_in_a_sentence(
    name: str,
) -> None:
    path = files("trnlab.cluster.models") / "gallery" / f"{name}.json"
    shipped = json.loads(path.read_bytes())
    for key in {*shipped, "text_config", "mlp_only_layers", "layer_types", "head_dim"}:
        for value in ODD:
            changed = {
                k: v for k, v in shipped.items() if k != "hidden_size" or key != "text_config"
            }
            try:
                assert parameters(from_config({**changed, key: value})) > 0
            except ValueError as refused:
                assert len(str(refused)) < 400 and "\n" not in str(refused)


def test_a_text_too_long_for_a_configuration_or_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="this text has 1,000,008 characters"):
        model('{"a": 1}' + " " * 1_000_000)
    with pytest.raises(ValueError, match="there is no file"):
        model("a" * 5000 + ".json")
