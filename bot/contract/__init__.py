"""What the API and the desk say to each other: requests and answers as plain data."""
