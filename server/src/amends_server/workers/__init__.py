"""Who encodes: processes of their own, or threads. Each is given a few sentences at a time and tells what came of them.

Imports little: what stands here is loaded by each encoding process, too.
"""
