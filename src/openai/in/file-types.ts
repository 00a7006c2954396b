/** Which files are text, by media type or by name. */

/** Text that is not registered below `text/`. */
const textTypes = new Set([
  'application/json',
  'application/ld+json',
  'application/jsonl',
  'application/x-ndjson',
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/toml',
  'application/csv',
  'application/sql',
  'application/javascript',
  'application/x-javascript',
  'application/typescript',
  'application/x-sh',
  'application/x-python',
  'application/graphql',
])

/** Names that end so are text, whatever else they are. */
const textEndings = new Set(
  (
    'txt text md markdown mdx rst adoc tex log csv tsv json jsonl ndjson json5 xml svg html htm xhtml css scss less ' +
    'yaml yml toml ini cfg conf env properties js mjs cjs jsx ts mts cts tsx vue svelte py pyi ipynb rb php pl lua r jl ' +
    'java kt kts scala groovy gradle go rs c h cc cpp cxx hpp hh cs fs swift m mm dart ex exs erl hs clj lisp sql ' +
    'graphql proto sh bash zsh fish ps1 bat tf diff patch srt vtt eml ics'
  ).split(' '),
)

export function isTextType(mediaType: string): boolean {
  return /^text\/./.test(mediaType) || /^application\/.+\+(json|xml|yaml)$/.test(mediaType) || textTypes.has(mediaType)
}

/** `application/pdf`, `text/plain`, or null where the ending is unknown. */
export function typeByName(name: string): string | null {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase()
  if (ending === 'pdf') return 'application/pdf'
  return ending !== undefined && textEndings.has(ending) ? 'text/plain' : null
}
