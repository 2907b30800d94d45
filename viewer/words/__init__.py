"""How things are said: one way to say a name, a date, an age, a side, a size."""
