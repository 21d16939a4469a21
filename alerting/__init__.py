"""From observations to alerts: rules, their engine, the life of an alert and the people who handle it."""
