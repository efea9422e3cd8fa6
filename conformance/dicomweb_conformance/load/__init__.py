"""The load profile: many clients in use at once, whose responses are judged as in a run."""
