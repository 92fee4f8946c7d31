"""What trains: model, trainer, engine, and the thread that advances it."""
