"""The one door by which effects leave: claimed in lanes, tried, looked for before they are repeated, given up aloud."""
