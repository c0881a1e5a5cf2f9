"""
What replies hold, for those who read the API's description and for the tests that compare.

The replies themselves are written as bytes: these models describe and never make them.
"""
