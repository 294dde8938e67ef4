"""Loaded before all else by the server that the workers of a report are forked from: a process of our own."""

from tutelage.base.collector import collect_rarely

collect_rarely()
