"""The nouns of SecondRead: numpy and the standard library only.

Arrays are indexed (k, j, i) = (slice, row, column). World coordinates are LPS
millimetres: +x to the patient's left, +y to the back, +z to the head.
"""
