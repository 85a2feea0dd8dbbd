"""The demonstrations: real data that a registry package carries, one fit, every mode, one page."""
