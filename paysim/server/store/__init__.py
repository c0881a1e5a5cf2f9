"""
Simulations on the disk: one file, one thread that writes it.
"""
