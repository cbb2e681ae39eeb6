"""Instructions: one class each, in the module of its engine, with its limits, values and cost."""
