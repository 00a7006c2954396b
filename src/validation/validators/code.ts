import { z } from 'zod'
import { languageNames, languageOf } from '../code/languages.js'
import { sourcesOf } from '../code/pick.js'
import { codeBlocks } from '../read/fences.js'
import { list } from '../../errors/value-words.js'
import { resultOf, wrong } from '../check-result.js'
import { validator } from '../validator.js'

/** The answer has code, and its syntax is right. Nothing is run. */
export const code = validator({
  type: 'code',
  aliases: { contains_code_block: { block: 'required' } },
  renames: { lang: 'language' },
  params: z.strictObject({
    language: z
      .string()
      .refine((name) => languageOf(name) !== undefined, `known languages are ${list(languageNames)}`)
      .optional()
      .describe('absent: every fenced block by its own label'),
    block: z.enum(['any', 'required']).default('any').describe('required: code without a fence does not count'),
  }),
  async check({ content }, { language, block }) {
    if (language === undefined) return checkLabelled(content)
    const { names, errors } = languageOf(language)!
    const sources = sourcesOf(content, names, block === 'required').filter((source) => source.trim() !== '')
    if (sources.length === 0) {
      return wrong(`The answer has no ${language} code${block === 'required' ? ' in a fenced block' : ''}.`, {
        mend: `Put the code into a block fenced with \`\`\`${language}.`,
      })
    }
    const found = await Promise.all(sources.map((source) => errors(source)))
    return resultOf(found.flat())
  },
})

/** Without a language: blocks with a known label are checked, the others only have to hold something. */
async function checkLabelled(content: string) {
  const blocks = codeBlocks(content).filter(({ code }) => code.trim() !== '')
  if (blocks.length === 0) {
    return wrong('The answer has no fenced block of code.', { mend: 'Put the code into a fenced block with its language.' })
  }
  const found = await Promise.all(blocks.map(({ label, code }) => languageOf(label)?.errors(code) ?? Promise.resolve([])))
  return resultOf(found.flat())
}
