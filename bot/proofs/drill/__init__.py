"""The seizure drill: plants canaries everywhere a person can write, then steals the server."""
