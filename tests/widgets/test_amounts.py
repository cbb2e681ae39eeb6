"""Amounts as text."""

import pytest

from widgets.lesson import amount, percent


@pytest.mark.parametrize(
    "value, unit, text",
    [
        (2.4e9, "Hz", "2.4 GHz"),
        (960e6, "Hz", "960 MHz"),
        (78.6432e12, "FLOP/s", "78.64 TFLOP/s"),
        (2516.6e12, "FLOP/s", "2.517 PFLOP/s"),
        (587.5e9, "B/s", "587.5 GB/s"),
        (1.175e12, "B/s", "1.175 TB/s"),
        (32 * 2**20, "B", "32 MiB"),
        (2**11, "B", "2 KiB"),
        (245_752, "B", "245,752 B"),
        (9e-9, "s", "9 ns"),
        (1.25e-6, "s", "1.25 µs"),
        (0, "s", "0 ns"),
        (64, "cycles", "64 cycles"),
        (4096, "", "4,096"),
        (1.0085, "", "1.008"),
        (0.25, "", "0.25"),
        (True, "", "yes"),
        (133.857, "FLOP/B", "133.9 FLOP/B"),
    ],
)
def test_an_amount_reads_as_a_person_would_write_it(value, unit, text):
    assert amount(value, unit) == text


def test_digits_can_be_fewer():
    assert amount(78.6432e12, "FLOP/s", 3) == "78.6 TFLOP/s"


@pytest.mark.parametrize(
    "share, text",
    [(0.46402, "46.4 %"), (1, "100.0 %"), (0, "0.0 %"), (0.0164, "1.6 %"), (-0.031, "-3.1 %"),
     (0.00322, "0.32 %"), (1.2e-6, "0.00012 %"), (1.613, "161.3 %")],
)  # fmt: skip
def test_a_share_is_written_as_the_dashboards_write_it(share, text):
    assert percent(share) == text
