"""The answers of the REST API: the rows they are about, the questions, and what was said."""
