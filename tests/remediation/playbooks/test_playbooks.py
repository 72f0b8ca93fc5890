"""Every cause has its playbook, in one place."""

from __future__ import annotations

from collections import Counter

import pytest

from detection.domain.causes import Cause
from remediation.actions import CATALOGUE
from remediation.playbooks import PLAYBOOKS, TOPICS, playbook_of

FAMILIES = {action.family for action in CATALOGUE.values()}


def test_every_cause_has_one_playbook_in_one_topic() -> None:
    assert Counter(cause for topic in TOPICS for cause in topic.PLAYBOOKS) == Counter(Cause)
    assert set(PLAYBOOKS) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
def test_a_playbook_names_families_of_the_catalogue_and_ends_with_people(cause: Cause) -> None:
    playbook = playbook_of(cause)
    offered = [offer.family for offer in playbook.offers]
    assert {*offered, *playbook.bad, *playbook.futile} <= FAMILIES
    assert "escalate" in offered
    assert not playbook.bad & {*offered}
