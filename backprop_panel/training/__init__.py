"""Training: model, trainer, engine, and the thread that advances the engine."""
