"""All of a picture that needs no screen: windows, planes, overlays, rendering (numpy and Pillow)."""
