/** The same without `/v1`, for clients whose base URL leaves it out. */
export { default } from '../v1/chat/completions.js'
