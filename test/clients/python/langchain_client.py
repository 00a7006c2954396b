"""langchain-openai: invoke, stream, batch, tools, structured output in its three ways, the Responses API."""

from importlib.metadata import version

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from common import API_KEY, ASK_WEATHER, BASE_URL, MODEL, check


class Place(BaseModel):
    """A place."""

    city: str
    people: int


@tool
def get_weather(city: str) -> str:
    """The weather of a city"""
    return f"sunny in {city}"


chat = ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key=API_KEY, stream_usage=True)
check("invoke", chat.invoke("Hello there").content)
chunks = list(chat.stream("Hello there"))
check("stream", "".join(c.content for c in chunks), chunks)
check("usage of a stream", any(c.usage_metadata for c in chunks), chunks)
check("batch", len(chat.batch(["Hello", "Hi"])) == 2)

bound = chat.bind_tools([get_weather])
messages = [HumanMessage(ASK_WEATHER)]
first = bound.invoke(messages)
check("a call", first.tool_calls and first.tool_calls[0]["name"] == "get_weather", first)
messages += [first, *(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in first.tool_calls)]
check("its result", "sunny" in bound.invoke(messages).content)

for method in ("json_schema", "function_calling"):
    check(method, isinstance(chat.with_structured_output(Place, method=method).invoke("Use Place: a place"), Place))
check("json_schema, strict", chat.with_structured_output(Place, method="json_schema", strict=True).invoke("A place"))
words = 'Answer in JSON: {"city": "Rome", "people": 3}'
check("json_mode", isinstance(chat.with_structured_output(None, method="json_mode").invoke(words), dict))

responses = ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key=API_KEY, use_responses_api=True)
check("responses", responses.invoke("Hello there").text)
check("responses, stream", "".join(c.text for c in responses.stream("Hello there")))
first = responses.bind_tools([get_weather]).invoke(ASK_WEATHER)
check("responses, a call", first.tool_calls and first.tool_calls[0]["name"] == "get_weather", first)
print("langchain-openai", version("langchain-openai"))
