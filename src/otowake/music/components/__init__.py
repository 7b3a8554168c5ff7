"""Describe components: pitch, templates, comparison."""
