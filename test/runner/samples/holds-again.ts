/** `holds` once more, as another file. */
await import(new URL('holds.js?again', import.meta.url).href)
export {}
