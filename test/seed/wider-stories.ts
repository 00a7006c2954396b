import { type Stories, passed, rejected } from './story.js'

const picture = { notRun: 'the picture is a file of that project' }
const lost = { notRun: 'its prompt is lost, and it has nothing else' }
const local = 'a path is no image here: send a data URL'

export const widerStories: Stories = {
  max_text_001_simple_question: { says: ['A CPU carries out instructions.'] },
  max_text_002_system_and_user_messages: { says: ['The probe had been waiting for someone like her.'] },
  max_text_003_no_default_validation: { says: ['Yes.'] },
  vertex_text_001_simple_question: { says: ['Io, Europa, Ganymede and Callisto.'] },
  openai_text_001_system_and_user: { says: ['The Louvre, the Seine, a bakery.'] },
  openai_json_001_validate_fields: {
    says: [
      '{"title": "The Great Gatsby", "author": "F. Scott Fitzgerald"}',
      '{"title": "The Great Gatsby", "author": "F. Scott Fitzgerald", "year_published": 1925}',
    ],
    attempts: 2,
    note: 'the first answer lacks a field',
  },
  max_json_002_proxy_validate_json: { says: ['{"city": "Paris", "country": "France"}'] },
  openai_multimodal_001_describe_local_image: picture,
  max_multimodal_001_claude_describes_local_image: {
    says: [],
    attempts: 0,
    error: { status: 400, code: 'unsupported_value', param: 'messages[0].content[1].image_url.url' },
    note: local,
  },
  max_multimodal_002_claude_http_image: { notRun: 'needs a picture of the internet' },
  agent_validation_001_contradiction_check_flat_earth: {
    says: ['The Earth is flat, and the sun orbits it. Gravity is an illusion caused by the constant upward acceleration of the flat disk.'],
    verdicts: [rejected('The text promotes flat earth.', { contradictions: ['Earth is spherical, not flat'] })],
    error: { status: 422, code: 'validation_failed' },
    ignored: ['validation[0].Topic', 'validation[0].mcp_config'],
    attempts: 3,
    note: 'the MCP server of its broken part is named as ignored',
  },
  agent_validation_002_code_syntax_check: {
    says: ['def my_func(x)\n  return x * 2'],
    verdicts: [rejected('Missing colon after function definition.', { syntax_errors: ['Line 1'] })],
    error: { status: 422, code: 'validation_failed' },
    ignored: ['validation[0].python_linter_tool'],
    attempts: 3,
  },
  agent_validation_003_large_text_delegation: {
    says: [],
    attempts: 0,
    error: { status: 400, code: 'unsupported_parameter', param: 'validation[0].params.context)' },
    note: 'in pieces: parts of the prompt are names of parameters',
  },
  code_gen_001_staged_retry_syntax_error: {
    says: [],
    attempts: 0,
    error: { status: 400, code: 'invalid_value', param: 'validation[1].type' },
    note: 'in pieces: the second check has no type',
  },
  string_check_001_contains: { says: ['It is grey.', 'It is blue.'], attempts: 2 },
  string_check_002_not_contains: { says: ['It is yellow.'] },
  string_check_003_regex_match: { says: ['Here is one: jd@example.com', 'john.doe@example.com'], attempts: 2 },
  corpus_check_001_keyword_in_file: { says: ['The quick brown fox jumps over the lazy dog.'] },
  basic_001_no_validation_field: { prompt: 'Is Python a programming language? Yes or no.', says: ['Yes'] },
  combo_val_004_multiple_string_checks: {
    says: ['A cat is a canine.', 'A cat is a feline, and it purrs.'],
    attempts: 2,
    note: 'all three errors are told at once',
  },
  agent_task_002_default_mcp: {
    says: ['The current date is May 23, 2025.'],
    verdicts: [passed({ date_verified: true })],
    ignored: ['validation[0].JSON'],
    note: 'without tools: there are no default ones',
  },
  openai_text_002_long_response_default_val: lost,
  vertex_text_004_creative_writing_default_val: lost,
  max_json_003_complex_schema_request: {
    says: ['{"id": 1, "title": "Opening"}', '{"id": 1, "title": "Opening", "speaker": {"name": "Ann", "bio": "…"}, "tags": ["a"]}'],
    attempts: 2,
  },
  openai_multimodal_003_question_about_image: picture,
  max_multimodal_003_question_about_image_claude: picture,
  agent_validation_004_simple_text_check_by_claude: {
    says: ['The weather today is sunny with a chance of rainbows.'],
    verdicts: [passed()],
    ignored: ['validation[0].sunny'],
  },
  string_check_004_max_length: {
    says: ['This is a very, very, very, very, very long sentence that goes on and on without any end.'],
    error: { status: 422, code: 'validation_failed' },
    attempts: 3,
    note: 'there 89 characters passed; here they do not',
  },
  field_present_001_check_absence: { says: ['{"name": "A", "city": "B", "age": 3}', '{"name": "A", "city": "B"}'], attempts: 2 },
}
