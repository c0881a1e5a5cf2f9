"""
The service: an HTTP API over a durable store, and a live page.
"""
