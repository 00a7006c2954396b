import { z } from 'zod'
import { texts } from '../texts.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import { missingError, searchIn } from './contains.js'

/** Keywords are in a text that the request brings; without one, in the answer. */
export const corpusCheck = validator({
  type: 'corpus_check',
  renames: { keywords: 'must_contain_keywords', corpus: 'text_corpus' },
  params: z.strictObject({
    must_contain_keywords: texts,
    text_corpus: z.string().optional().describe('looked through instead of the answer'),
  }),
  check({ content }, { must_contain_keywords: keywords, text_corpus: corpus }) {
    const where = corpus === undefined ? 'The answer' : "The text given in 'text_corpus'"
    const has = searchIn(corpus ?? content, false)
    const missing = keywords.filter((keyword) => !has(keyword))
    return resultOf(missing.map((keyword) => missingError(keyword, where)))
  },
})
