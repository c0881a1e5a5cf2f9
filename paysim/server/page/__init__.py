"""
The live page: its files, as they are served, and what only it asks for.
"""
