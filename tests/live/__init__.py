"""Tests that need a real control plane."""
