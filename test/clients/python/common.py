"""What the programs share: where the bridge is, and a check that says what was seen."""

import os

BASE_URL = os.environ.get("BASE_URL", "http://localhost:3010/v1")
API_KEY = os.environ.get("API_KEY", "none")
MODEL = os.environ.get("MODEL", "sonnet")

WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
ASK_WEATHER = "What is the weather in Rome? Use get_weather."


def check(what: str, holds: object, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}", "" if holds else repr(seen), flush=True)
    if not holds:
        raise SystemExit(1)
