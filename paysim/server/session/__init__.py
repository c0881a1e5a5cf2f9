"""
One simulation in memory, always between two ticks.
"""
