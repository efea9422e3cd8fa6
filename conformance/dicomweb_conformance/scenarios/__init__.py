"""The checks: a folder for each scenario, named as its marker is, with what only its own checks share beside them.

`search/test_matching.py` belongs to the scenario `search`. What several scenarios share is in `steps`; no scenario
imports from another.
"""
