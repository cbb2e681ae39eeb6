"""Two runs side by side."""

from trnlab.metrics.profile import Profile


def test_ratios_are_second_over_first(one_bank: Profile, two_banks: Profile) -> None:
    pairs = {pair.quantity: pair for pair in one_bank.compare(two_banks).pairs}
    assert pairs["total time"].ratio == two_banks.total_us / one_bank.total_us
    assert pairs["useful operations"].ratio == 1
    assert pairs["ScalarE active"].ratio == 0


def test_it_prints_one_line_for_each_quantity(one_bank: Profile, two_banks: Profile) -> None:
    found = one_bank.compare(two_banks)
    assert len(str(found).splitlines()) == len(found.pairs) + 1
