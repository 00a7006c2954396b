"""openai-agents: a run with a tool, a stream, an object, a handoff, through both APIs."""

import asyncio
from importlib.metadata import version

from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from pydantic import BaseModel

from common import API_KEY, ASK_WEATHER, BASE_URL, MODEL, check

set_tracing_disabled(True)
client = AsyncOpenAI(base_url=BASE_URL, api_key=API_KEY)


class Place(BaseModel):
    city: str
    people: int


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city"""
    return f"sunny in {city}"


async def run(kind: str, model: object) -> None:
    agent = Agent(name="guide", instructions="Be short", model=model, tools=[get_weather])
    check(f"{kind}: a tool", "sunny" in (await Runner.run(agent, ASK_WEATHER)).final_output)
    streamed = Runner.run_streamed(agent, "Hello there")
    kinds = {event.type async for event in streamed.stream_events()}
    check(f"{kind}: stream", streamed.final_output and "raw_response_event" in kinds, kinds)
    made = await Runner.run(Agent(name="maker", model=model, output_type=Place), "A place")
    check(f"{kind}: an object", isinstance(made.final_output, Place), made)
    other = Agent(name="Expert", model=model)
    first = Agent(name="first", model=model, handoffs=[other])
    passed = await Runner.run(first, "Use transfer_to_expert.")
    check(f"{kind}: a handoff", passed.last_agent is other, passed)


async def main() -> None:
    await run("chat", OpenAIChatCompletionsModel(model=MODEL, openai_client=client))
    await run("responses", OpenAIResponsesModel(model=MODEL, openai_client=client))


asyncio.run(main())
print("openai-agents", version("openai-agents"))
