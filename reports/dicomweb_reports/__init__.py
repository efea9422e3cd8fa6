"""Says what a run concluded: the model of the run record, and the reports rendered from it."""
