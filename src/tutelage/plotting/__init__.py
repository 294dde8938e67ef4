"""One look for every picture, and the local slopes that claims about rates are judged by."""
