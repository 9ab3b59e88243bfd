"""What every client of a service needs: clocks, timestamps, and network errors in a few words."""
