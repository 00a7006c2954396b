/** The few things the stand-in knows. */

interface Fact {
  asked: RegExp
  answer: string
}

const facts: readonly Fact[] = [
  {
    asked: /\b(cpu|processor|central processing unit)\b/i,
    answer:
      'The CPU (central processing unit, or processor) of a computer executes the instructions of programs: it ' +
      'fetches each instruction from memory, decodes it, carries out its arithmetic, logic, control and input/output ' +
      'operations, and stores the result. It is where the actual processing and calculations of a computer happen.',
  },
  {
    asked: /\bfactorial\b/i,
    answer: [
      'A factorial function in Python:',
      '',
      '```python',
      'def factorial(n):',
      '    if n < 0:',
      '        raise ValueError("n must not be negative")',
      '    if n <= 1:',
      '        return 1',
      '    return n * factorial(n - 1)',
      '```',
      '',
      'The function calls itself with a smaller n until it reaches the base case; factorial(5) returns 120.',
    ].join('\n'),
  },
  {
    asked: /\brecursi(on|ve)\b/i,
    answer:
      'Recursion is a technique in programming in which a function calls itself to solve a smaller instance of the ' +
      'same problem. Every recursive function needs a base case, which ends the calls, and a recursive case, which ' +
      'comes closer to it. An example is the factorial: factorial(n) is n * factorial(n - 1), and factorial(0) is 1.',
  },
  {
    asked: /\bmachine learning\b/i,
    answer:
      'Machine learning is a branch of artificial intelligence in which algorithms learn patterns from data and use ' +
      'them to make predictions or decisions, instead of following rules that a person wrote. A model is trained on ' +
      'examples, with labels (supervised), without them (unsupervised) or by reward (reinforcement learning).',
  },
  { asked: /\bcapital of france\b/i, answer: 'The capital of France is Paris.' },
  {
    asked: /\bjoke\b/i,
    answer: 'Why do programmers confuse Halloween and Christmas? Because Oct 31 equals Dec 25.',
  },
  {
    asked: /\b(who|what) are you\b|\bwhich model\b/i,
    answer: 'I am a small program with a few built-in answers. There is no model behind me.',
  },
]

/** @returns the answer to a question about one of the known things or a sum such as `2 + 2`, or undefined */
export function answerFor(text: string): string | undefined {
  return facts.find((fact) => fact.asked.test(text))?.answer ?? calculate(text)
}

function calculate(text: string): string | undefined {
  const found = /(-?\d+(?:\.\d+)?)\s*(\+|-|\*|\/|×|÷|plus|minus|times|divided by)\s*(-?\d+(?:\.\d+)?)/i.exec(text)
  if (found === null) return undefined
  const left = Number(found[1])
  const right = Number(found[3])
  const result = { plus: left + right, minus: left - right, times: left * right, over: left / right }[operation(found[2]!)]
  return `${found[0]} = ${Number(result.toFixed(10))}`
}

function operation(sign: string): 'plus' | 'minus' | 'times' | 'over' {
  if (/\+|plus/i.test(sign)) return 'plus'
  if (/^-$|minus/i.test(sign)) return 'minus'
  return /\*|×|times/i.test(sign) ? 'times' : 'over'
}
