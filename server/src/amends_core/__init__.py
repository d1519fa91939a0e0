"""The scorer: text in, judgement out. Pure: no network, no asyncio, no clock, no environment."""
