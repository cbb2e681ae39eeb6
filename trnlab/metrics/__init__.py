"""Readings of a timeline: utilization, MFU, MBU, roofline."""

from trnlab.metrics.profile import Profile, profile, shape

__all__ = ["Profile", "profile", "shape"]
