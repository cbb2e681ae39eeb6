"""Public models as their `config.json` describes them: sizes alone."""
