"""Descriptions of vendors beside the checkout. They are apart from their readers, which take a second to load."""

import os
from pathlib import Path

from tests.support.folders import ROOT

BESIDE = Path(os.environ.get("SPY_SPECS") or ROOT.parent / "shared" / "specs")
"""PagerDuty's descriptions state no licence: they are not kept in the checkout."""
PAGERDUTY = BESIDE / "pagerduty.rest.openapi.json"


def describes_pagerduty() -> bool:
    return PAGERDUTY.exists()
