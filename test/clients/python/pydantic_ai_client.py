"""pydantic-ai: a run, a stream, a tool, an object by a tool and by a format, the Responses API."""

import asyncio
from importlib.metadata import version

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from common import API_KEY, ASK_WEATHER, BASE_URL, MODEL, check


class Place(BaseModel):
    city: str
    people: int


provider = OpenAIProvider(base_url=BASE_URL, api_key=API_KEY)


async def run(kind: str, model: object) -> None:
    plain = Agent(model)
    check(f"{kind}: run", (await plain.run("Hello there")).output)
    async with plain.run_stream("Hello there") as result:
        check(f"{kind}: stream", "".join([text async for text in result.stream_text(delta=True)]))
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city"""
        return f"sunny in {city}"

    check(f"{kind}: a tool", "sunny" in (await agent.run(ASK_WEATHER)).output)
    made = await Agent(model, output_type=NativeOutput(Place)).run("A place")
    check(f"{kind}: an object by a format", isinstance(made.output, Place), made)
    made = await Agent(model, output_type=Place).run("A place. Use final_result.")
    check(f"{kind}: an object by a tool", isinstance(made.output, Place), made)


async def main() -> None:
    await run("chat", OpenAIChatModel(MODEL, provider=provider))
    await run("responses", OpenAIResponsesModel(MODEL, provider=provider))


asyncio.run(main())
print("pydantic-ai", version("pydantic-ai-slim"))
