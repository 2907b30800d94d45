"""nnU-Net v2: its networks and its way from a picture to labels, without its library."""
