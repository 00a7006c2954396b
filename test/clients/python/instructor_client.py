"""instructor: objects by tools, by a format and from a stream."""

from importlib.metadata import version

import instructor
import openai
from pydantic import BaseModel

from common import API_KEY, BASE_URL, MODEL, check


class Place(BaseModel):
    city: str
    people: int


say = [{"role": "user", "content": "A place. Use Place."}]
for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
    client = instructor.from_openai(openai.OpenAI(base_url=BASE_URL, api_key=API_KEY), mode=mode)
    made = client.chat.completions.create(model=MODEL, response_model=Place, messages=say)
    check(f"{mode.name}", isinstance(made, Place), made)
client = instructor.from_openai(openai.OpenAI(base_url=BASE_URL, api_key=API_KEY), mode=instructor.Mode.JSON_SCHEMA)
parts = list(client.chat.completions.create_partial(model=MODEL, response_model=Place, messages=say))
check("partial", parts[-1].city, parts)
print("instructor", version("instructor"))
