"""The short form of `make simulate`: some small worlds, and that a seed repeats one."""

import os
import subprocess
import sys

import pytest

from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.organisation import POLICY
from tests.simulation.run import SHORT, opened
from tests.simulation.world import World
from tests.support.folders import ROOT

SEEDS = (1, 2, 3)


def test_small_worlds_full_of_faults_keep_every_law_and_are_replayed_as_they_were():
    reports, found = [], []
    with opened() as files:
        for seed in SEEDS:
            world = World(seed, files, SHORT)
            reports.append(world.run())
            found.append(world.what_if(POLICY))

    assert [it.violations for it in reports] == [[]] * len(SEEDS)
    assert all(it.faults and it.incidents for it in reports)
    assert [it.unlike for it in found] == [[]] * len(SEEDS)
    assert all(it.known for it in found)


def test_a_seed_gives_the_same_log_in_two_processes():
    asked = [sys.executable, "-m", "tests.simulation", "--seed", "4", "--short", "--log"]
    both = [
        subprocess.Popen(
            asked, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True
        )
        for seed in ("1", "2")
    ]
    first, second = (it.communicate()[0] for it in both)

    assert "digest" in first
    assert first == second


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda it: it.name.replace(" ", "-"))
def test_each_hand_made_fault_still_has_its_place_in_the_source(mutation: Mutation):
    source = (ROOT / mutation.file).read_text(encoding="utf-8")

    assert source.count(mutation.old) == 1
