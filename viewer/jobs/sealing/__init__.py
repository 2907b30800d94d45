"""What is signed stays signed: the key, the seal over a result folder, and the pictures it speaks of."""
