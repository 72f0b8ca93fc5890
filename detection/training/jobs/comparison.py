"""The model in force beside every baseline, the classic recipe included, on the same series."""

from __future__ import annotations

from detection.anomaly.model.autoencoder import Network
from detection.training.evaluation import evaluate
from detection.training.evaluation.evaluate import Found
from detection.training.jobs.train import Tell
from detection.training.model.sampling import Sets


def with_every_baseline(network: Network, sets: Sets, tell: Tell) -> Found:
    """Detector → group → scored series. The classic recipe is fitted on the same entities' history.

    That flatters it as it does every baseline that is fitted per entity: it has seen them.
    """
    found = evaluate.with_network(network, sets, tell)
    for name, all_series in sets.items():
        tell(f"fitting the classic recipe on {name}")
        evaluate._add_classic(found, name, all_series, all_series)
    return found
