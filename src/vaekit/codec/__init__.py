"""Rows to cells and back."""

from vaekit.codec.field import Field

__all__ = ["Field"]
