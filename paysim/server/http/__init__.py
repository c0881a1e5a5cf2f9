"""
What stands between a request and the desk: guards, parameters, bodies, replies.
"""
