"""Who is judged and how: the settings of a run and what they come to."""
