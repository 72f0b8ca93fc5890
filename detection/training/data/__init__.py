"""The series that training and its evaluation look at."""
