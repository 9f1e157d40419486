"""Operations as they are counted: against what a hand would count."""

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from baselines.ops import selective_scan
from rebench.profile.operations import count


def test_matrices_and_convolutions_count_two_per_multiply_add():
    made, found = count(lambda: torch.ones(3, 4) @ torch.ones(4, 5))
    assert torch.equal(made, torch.full((3, 5), 4.0))
    assert (found.aten, found.others, found.total) == (2 * 3 * 4 * 5, {}, 120)
    convolution = nn.Conv2d(2, 6, 3, padding=1)
    assert count(lambda: convolution(torch.ones(1, 2, 7, 8)))[1].total == 2 * 9 * 2 * 6 * 7 * 8


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_fused_attention_counts_its_two_products_however_it_is_run(mode):
    query, key, value = torch.ones(2, 3, 5, 4), torch.ones(2, 3, 7, 4), torch.ones(2, 3, 7, 4)
    with mode():
        found = count(lambda: scaled_dot_product_attention(query, key, value))[1]
    assert found.aten == 2 * 2 * 3 * 5 * 7 * (4 + 4)


def test_an_encoder_layer_costs_the_same_in_training_and_without_gradients():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, activation="gelu")
    x = torch.ones(3, 5, 8)
    training = count(lambda: layer(x))[1].total
    layer.eval()
    with torch.inference_mode():
        assert count(lambda: layer(x))[1].total == training
    assert torch.backends.mha.get_fastpath_enabled()
    tokens = 3 * 5
    assert training == 2 * tokens * (4 * 8 * 8 + 2 * 8 * 16) + 2 * 3 * 2 * 5 * 5 * (4 + 4)


def test_operators_from_elsewhere_stand_apart():
    one = torch.ones(2, 4, 6)

    def call():
        y = selective_scan(
            one, one, -torch.ones(4, 3), torch.ones(2, 1, 3, 6), torch.ones(2, 1, 3, 6), backend="cpu"
        )
        return y @ torch.ones(6, 5)

    found = count(call)[1]
    assert found.aten == 2 * 2 * 4 * 6 * 5
    assert found.others == {"rebench.selective_scan": 2 * 4 * 6 * (9 * 3 + 2)}
    assert found.total == found.aten + sum(found.others.values())
    assert found.as_dict()["multiply_adds"] == found.total / 2


def test_an_operator_without_a_formula_is_named_and_not_hidden():
    @torch.library.custom_op("rebench_tests::strange", mutates_args=())
    def strange(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    found = count(lambda: strange(torch.ones(3)))[1]
    assert (found.total, found.uncounted) == (0, ("rebench_tests.strange",))
