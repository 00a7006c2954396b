"""openai: chat, streams, tools and their results, parse, responses, errors."""

import asyncio
import json

import openai
from pydantic import BaseModel

from common import API_KEY, ASK_WEATHER, BASE_URL, MODEL, WEATHER, check

client = openai.OpenAI(base_url=BASE_URL, api_key=API_KEY)
say = [{"role": "user", "content": "Hello there"}]


class Place(BaseModel):
    city: str
    people: int
    tags: list[str]


answer = client.chat.completions.create(model=MODEL, messages=say)
check("chat", answer.choices[0].message.content and answer.usage.total_tokens > 0, answer)

chunks = list(client.chat.completions.create(model=MODEL, messages=say, stream=True, stream_options={"include_usage": True}))
check("chat, stream", "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks)
check("chat, usage of a stream", chunks[-1].usage.total_tokens > 0, chunks[-1])

raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=say, n=2)
check("n: 2", len(raw.parse().choices) == 2 and raw.headers["x-request-id"], raw.headers)

tools = [{"type": "function", "function": WEATHER}]
ask = [{"role": "user", "content": ASK_WEATHER}]
called = client.chat.completions.create(model=MODEL, messages=ask, tools=tools)
message = called.choices[0].message
check("a call", called.choices[0].finish_reason == "tool_calls" and message.tool_calls[0].function.name == "get_weather", called)
json.loads(message.tool_calls[0].function.arguments)
result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny, 21 degrees"}
told = client.chat.completions.create(model=MODEL, messages=[*ask, message, result], tools=tools)
check("its result", "sunny" in told.choices[0].message.content, told)

parsed = client.chat.completions.parse(model=MODEL, messages=say, response_format=Place)
check("parse", isinstance(parsed.choices[0].message.parsed, Place), parsed)
strict = [openai.pydantic_function_tool(Place, name="get_place")]
asked = [{"role": "user", "content": "Use get_place."}]
parsed = client.chat.completions.parse(model=MODEL, messages=asked, tools=strict, response_format=Place)
call = parsed.choices[0].message.tool_calls
check("parse, a call beside a format", call and isinstance(call[0].function.parsed_arguments, Place), parsed)
with client.chat.completions.stream(model=MODEL, messages=say, response_format=Place) as stream:
    kinds = {event.type for event in stream}
    check("stream helper", isinstance(stream.get_final_completion().choices[0].message.parsed, Place), kinds)
    check("its events", {"chunk", "content.delta", "content.done"} <= kinds, kinds)

response = client.responses.create(model=MODEL, input="Hello there", instructions="Be short")
check("responses", response.output_text and response.status == "completed", response)
events = list(client.responses.create(model=MODEL, input="Hello there", stream=True))
check("responses, stream", events[0].type == "response.created" and events[-1].type == "response.completed", events[-1])
flat = [{"type": "function", "strict": True, **WEATHER}]
first = client.responses.create(model=MODEL, input=ASK_WEATHER, tools=flat)
call = next((item for item in first.output if item.type == "function_call"), None)
check("responses, a call", call is not None, first)
output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
second = client.responses.create(model=MODEL, input=[output], previous_response_id=first.id, tools=flat)
check("responses, its result", "sunny" in second.output_text, second)
parsed = client.responses.parse(model=MODEL, input="Hello there", text_format=Place)
check("responses.parse", isinstance(parsed.output_parsed, Place), parsed)
with client.responses.stream(model=MODEL, input="Hello there", text_format=Place) as stream:
    list(stream)
    check("responses.stream", isinstance(stream.get_final_response().output_parsed, Place))
queued = client.responses.create(model=MODEL, input="Hello there", background=True)
while queued.status in ("queued", "in_progress"):
    queued = client.responses.retrieve(queued.id)
check("responses, background", queued.status == "completed", queued)

check("models", MODEL in [model.id for model in client.models.list()])
try:
    client.chat.completions.create(model="no-such-model", messages=say)
    check("an unknown model", False)
except openai.NotFoundError as error:
    check("an unknown model", error.code == "model_not_found" and error.request_id, error)
try:
    client.chat.completions.create(model=MODEL, messages=say, n="x")
    check("a wrong type", False)
except openai.BadRequestError as error:
    check("a wrong type", error.param == "n" and "1 to 8" in error.message, error)


async def many() -> int:
    async with openai.AsyncOpenAI(base_url=BASE_URL, api_key=API_KEY) as several:
        answers = [several.chat.completions.create(model=MODEL, messages=say) for _ in range(4)]
        return len([a for a in await asyncio.gather(*answers) if a.choices[0].message.content])


check("four at once", asyncio.run(many()) == 4)
print("openai", openai.__version__)
