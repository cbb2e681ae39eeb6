"""Readings of a timeline: utilization, MFU, MBU, roofline."""

from trnlab.metrics.profile import Profile, Run, profile, run, shape

__all__ = ["Profile", "Run", "profile", "run", "shape"]
