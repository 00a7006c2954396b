import { type Stories, passed, rejected } from './story.js'

const factorial = '```python\ndef factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)\n```'
const person = '{"name": "John Doe", "age": 30, "city": "New York"}'
const words = 'It has to be exactly 3 words.'

export const essentialStories: Stories = {
  max_text_001_simple_question: { says: ['A CPU, the processor, carries out the instructions of programs.'] },
  max_text_002_messages_format: { says: ['A function is recursive if it calls itself.'] },
  max_text_003_with_system: { says: ['Machine learning finds patterns in examples.'], note: 'the system prompt reaches the model' },
  max_code_001_simple_code: {
    says: ['```python\ndeff factorial(n)\n```', factorial],
    verdicts: [rejected('A syntax error: deff.', 'INVALID'), passed('VALID')],
    attempts: 2,
    note: '`INVALID` does not contain `VALID`',
  },
  max_mcp_001_file_operations: {
    prompt: 'Create the file /tmp/seed-case.txt with the text "file server works" and read it back.',
    says: [
      'I would rather not.',
      {
        uses: [
          ['mcp__filesystem__write_file', { path: '/tmp/seed-case.txt', content: 'file server works' }],
          ['mcp__filesystem__read_text_file', { path: '/tmp/seed-case.txt' }],
        ],
        then: 'The file is there, and it says: file server works.',
      },
    ],
    verdicts: [rejected('Nothing was written.'), passed('SUCCESS')],
    attempts: 2,
    note: 'the file is one of the task, not of the real `/tmp`',
  },
  max_json_001_structured_output: {
    says: ['Here you are: John Doe, 30, of New York.', '{"name": "John Doe", "age": 30}', person],
    attempts: 3,
    note: 'prose is told that it is no JSON, JSON that `city` is missing',
  },
  litellm_001_openai_compatible: { says: ['2 + 2 is 4.'], note: 'no CLI process is used' },
  validation_retry_001: {
    prompt: 'Generate exactly 3 random words.',
    says: ['apple river stone cloud', 'apple river', 'apple river stone'],
    verdicts: [rejected(`These are 4 words. ${words}`), rejected(`These are 2 words. ${words}`), passed()],
    attempts: 3,
    note: 'the feedback carries what the validator said',
  },
}
