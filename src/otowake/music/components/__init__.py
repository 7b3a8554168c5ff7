"""Describe and compare components, estimate their pitches, build templates."""
