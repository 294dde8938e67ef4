"""Figures: dataset -> matplotlib figure, one module per study, never a solver."""
