"""
Who may do what with which simulation, and when it is on the disk.
"""
