"""`secondread check`: a result folder held against itself, its seal and its pictures, with readers of its own."""
