"""Views: widgets that read traces, timelines and facts, and never the other way round."""
