"""Time: a trace and a core give a timeline."""

from trnlab.schedule.scheduler import schedule
from trnlab.schedule.timeline import Timeline

__all__ = ["Timeline", "schedule"]
