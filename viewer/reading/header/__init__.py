"""What stands in a file before its pixels: raw elements, text, tags, SOP classes."""
