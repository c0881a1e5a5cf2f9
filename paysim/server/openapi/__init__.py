"""
What the service tells of itself: the OpenAPI document and its pages.
"""
