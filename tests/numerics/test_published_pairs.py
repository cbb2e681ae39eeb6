"""What Trainium3 printed: BF16 results are float32 sums, rounded to nearest even.

Results of nc_matmul_mx on the device and the float32 references beside them, from the MX tutorial
(mxfp-matmul.rst, "Executing the Code"). Its operands are random and not printed, so the rounding of
the result is all that can be compared.
"""

import numpy as np

from trnlab.numerics import stored

DEVICE = """
0.02526855 0.59765625 1.15625 -0.09033203 -0.10888672 -0.84375
0.25585938 0.18554688 -0.546875 -0.71875 -0.6015625 -0.46484375
-0.02038574 0.02648926 0.10351562 -0.25 0.02404785 0.08154297
0.234375 -0.0456543 1.140625 1.1015625 0.04833984 -0.17675781
-0.12792969 0.02685547 -0.19140625 0.05883789 -0.01916504 -0.66796875
0.03198242 -0.24316406 -0.1640625 0.06591797 -0.11914062 0.6015625
0.02832031 -0.29296875 0.04394531 -0.13671875 -0.00704956 -0.47265625
0.03442383 -0.75 0.11572266 0.86328125 -0.00735474 0.33007812
0.56640625 -1.28125 0.26953125 0.5859375 0.31054688 -0.60546875
1.2421875 -0.859375 -1.140625 -0.06542969 0.11425781 0.6015625
0.32421875 0.43359375 -0.09814453 0.82421875 -2.171875 0.71484375
-0.47070312 -0.734375 0.09765625 1.328125 -1.09375 -0.32226562
"""
REFERENCE = """
0.02535721 0.5957752 1.1556101 -0.09036541 -0.10906862 -0.8448767
0.2551025 0.1856966 -0.54681885 -0.71797514 -0.6026518 -0.4641544
-0.02036181 0.02647817 0.10362364 -0.24955288 0.02399684 0.08132255
0.23485765 -0.04565394 1.1424086 1.0981529 0.04839906 -0.17722145
-0.1284121 0.02687968 -0.19178611 0.05882631 -0.01915852 -0.666565
0.03191248 -0.24304396 -0.16389877 0.06606946 -0.11931092 0.60205466
0.02831857 -0.29297137 0.04390652 -0.13685682 -0.00703458 -0.47168562
0.03451066 -0.7511592 0.11560257 0.86369723 -0.00734489 0.3300762
0.5663527 -1.2832397 0.26900524 0.5861912 0.3109728 -0.6038357
1.2426924 -0.85944945 -1.1438001 -0.0654989 0.11429967 0.6028823
0.32461044 0.43410686 -0.09810834 0.82437325 -2.1703691 0.71522826
-0.47003102 -0.733371 0.09745546 1.3250915 -1.0969493 -0.32166338
"""


def numbers(text):
    return np.array(text.split(), np.float32)


def test_the_device_prints_bfloat16():
    printed = numbers(DEVICE)
    assert np.array_equal(
        np.round(stored(printed, "bfloat16").astype(np.float64), 8),
        np.round(printed.astype(np.float64), 8),
    )


def test_all_results_but_one_are_the_reference_rounded_to_nearest_even():
    device, reference = stored(numbers(DEVICE), "bfloat16"), numbers(REFERENCE)
    rounded = stored(reference, "bfloat16")
    differs = np.flatnonzero(device != rounded)
    assert len(device) == 72 and differs.tolist() == [0]
    assert abs(int(device.view(np.uint16)[0]) - int(rounded.view(np.uint16)[0])) == 1


def test_truncation_would_explain_half_of_them():
    device, reference = stored(numbers(DEVICE), "bfloat16"), numbers(REFERENCE)
    truncated = (reference.view(np.uint32) >> 16).astype(np.uint16)
    assert (device.view(np.uint16) == truncated).sum() == 36
