"""litellm as a library: chat, streams, tools, a format, responses, errors."""

import json
import os
from importlib.metadata import version

# its list of prices would be fetched first
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402
from pydantic import BaseModel

from common import API_KEY, ASK_WEATHER, BASE_URL, MODEL, WEATHER, check

litellm.suppress_debug_info = True
to = {"model": f"openai/{MODEL}", "api_base": BASE_URL, "api_key": API_KEY}
say = [{"role": "user", "content": "Hello there"}]


class Place(BaseModel):
    city: str
    people: int


answer = litellm.completion(**to, messages=say, temperature=0.2)
check("chat", answer.choices[0].message.content and answer.usage.total_tokens > 0, answer)
chunks = list(litellm.completion(**to, messages=say, stream=True, stream_options={"include_usage": True}))
check("stream", "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks)
check("usage of a stream", chunks[-1].usage.total_tokens > 0, chunks[-1])

tools = [{"type": "function", "function": WEATHER}]
ask = [{"role": "user", "content": ASK_WEATHER}]
message = litellm.completion(**to, messages=ask, tools=tools).choices[0].message
check("a call", message.tool_calls and message.tool_calls[0].function.name == "get_weather", message)
result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
told = litellm.completion(**to, messages=[*ask, message, result], tools=tools)
check("its result", "sunny" in told.choices[0].message.content, told)
parts = list(litellm.completion(**to, messages=ask, tools=tools, stream=True))
whole = litellm.stream_chunk_builder(parts)
check("a call, stream", json.loads(whole.choices[0].message.tool_calls[0].function.arguments), whole)

shaped = litellm.completion(**to, messages=say, response_format=Place)
check("a format", Place.model_validate_json(shaped.choices[0].message.content), shaped)
response = litellm.responses(**to, input="Hello there")
check("responses", response.status == "completed", response)
events = [str(getattr(event.type, "value", event.type)) for event in litellm.responses(**to, input="Hello there", stream=True)]
check("responses, stream", events[-1] == "response.completed", events)
try:
    litellm.completion(**{**to, "model": "openai/no-such-model"}, messages=say)
    check("an unknown model", False)
except litellm.NotFoundError as error:
    check("an unknown model", "no-such-model" in str(error), error)
print("litellm", version("litellm"))
