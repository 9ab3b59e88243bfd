"""Real processes of Spy on both databases, with faults of calls, kills, stops and cuts: nothing lost or doubled."""
