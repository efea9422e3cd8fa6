"""How the tests of the validators ask: what was seen that is no pass, and what is said of each row."""

import json
from collections.abc import Iterable
from typing import Any

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.observation import Observation

ROWS = requirements.load()


def verdict(observation: Observation) -> Verdict:
    """The verdict of an observation by its row."""
    return ROWS[observation.requirement].judge(observation.observation)


def against(observations: Iterable[Observation]) -> list[Observation]:
    """What is no pass, each pass of a listed wording and no row both passed and not."""
    found = list(observations)
    passed = [each.requirement for each in found if verdict(each) is Verdict.PASS]
    rest = [each for each in found if verdict(each) is not Verdict.PASS]
    assert len(set(passed)) == len(passed)
    assert not set(passed) & {each.requirement for each in rest}
    return rest


def said(observations: Iterable[Observation]) -> set[tuple[str, str]]:
    """Row and wording of what is no pass."""
    return {(each.requirement, each.observation) for each in against(observations)}


def passes(observations: Iterable[Observation]) -> dict[str, str]:
    """Wording of each pass by its row."""
    return {
        observation.requirement: observation.observation
        for observation in observations
        if verdict(observation) is Verdict.PASS
    }


def fails(observations: Iterable[Observation]) -> list[Observation]:
    """What fails."""
    return [observation for observation in observations if verdict(observation) is Verdict.FAIL]


def octets(value: Any) -> bytes:
    """A JSON body."""
    return json.dumps(value, ensure_ascii=False).encode()


def data_set(**attributes: Any) -> bytes:
    """A metadata answer of one data set; names of attributes begin with a letter that is dropped."""
    return octets([{name[1:]: value for name, value in attributes.items()}])


def seen_in(value: Any, **options: Any) -> list[Observation]:
    """What is no pass in a JSON value."""
    return against(dicom_json.judge(octets(value), **options))
