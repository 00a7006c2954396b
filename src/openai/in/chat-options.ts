/** What a chat request is read with: what names of models mean, and what the operator allows. */
import type { Validated } from '../../errors/request-error.js'
import type { Aliases } from '../../request/aliases.js'
import type { ToolRules } from '../../request/mcp-ask.js'
import type { AliasModels } from '../../request/model-names.js'
import type { ModelSettings } from '../../request/model-settings.js'
import type { UpstreamProvider } from '../../request/upstream-models.js'
import type { ChatRequest } from './chat-request.js'
import type { ReadMessages } from './read-messages.js'

export interface ChatOptions {
  /** model of `max/<label>` */
  claudeModel: string
  /** further names -> models; left out: none */
  aliases?: Aliases
  /** by their one name (`modelKey`); left out: none has settings */
  models?: ReadonlyMap<string, ModelSettings>
  /** names that the key may ask for; left out: all */
  allowedModels?: readonly string[] | undefined
  /** left out: none */
  upstreams?: readonly UpstreamProvider[]
  /** what may be used of MCP; left out: nothing */
  mcp?: ToolRules
  /** `temperature` and `top_p` go to the models that take them */
  passSampling?: boolean
  /** the models of the CLI's aliases, where they are not Anthropic's own */
  aliasModels?: AliasModels
  /** the body's messages, where they have been read before */
  read?: ReadMessages | undefined
  /** the body under the rules of Claude's models, where that is known */
  forClaude?: Validated<ChatRequest> | undefined
}
