"""What is wrong with a run: the doctor, and the detective's cases."""
