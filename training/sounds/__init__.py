"""Sounds that training material is rendered with."""
