"""Scale out: machines of many chips, collectives, models, plans and what they cost."""
