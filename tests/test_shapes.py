"""The glossary has every letter of the house, once."""

from __future__ import annotations

import re

from vaekit import shapes


def test_the_glossary_has_each_letter_once():
    assert re.findall(r"^\| ([A-Z]) \|", shapes.__doc__, flags=re.MULTILINE) == list("SBKFLCTHWN")
