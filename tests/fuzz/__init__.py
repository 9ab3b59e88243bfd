"""Many inputs, mutated from valid ones, for the router and everything that the outside can send to Spy."""
