/** Characters. */
const longest = 200

/** The name of what answers, as its API gave it: without control characters, and bounded, as it is stored and repeated with each answer. */
export function modelLabel(name: string): string {
  const label = name.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return label.length > longest ? `${label.slice(0, longest)}…` : label
}
