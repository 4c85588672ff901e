"""Merging: queries of models of several partitions, which are asked of some or all of these, and merged."""
