"""Ground: checks of user input, errors, float64, quadrature rules, written specifications."""
