/** Other providers of Claude's models, each by the CLI's own switch, and what the CLI reads for them. */

export type CloudKind = 'bedrock' | 'anthropic_aws' | 'vertex' | 'anthropic_google_cloud' | 'foundry'

interface Cloud {
  kind: CloudKind
  /** set to 1, true, yes or on, it takes the place of every other credential */
  switch: string
  /** beside `ANTHROPIC_*`, which is passed on anyway */
  reads: RegExp
}

const aws = /^AWS_/
// its SDK reads some names in lower case as well
const google =
  /^(?:GOOGLE_|GCLOUD_|CLOUDSDK_|CLOUD_ML_|VERTEX_REGION_|GCE_METADATA_|METADATA_SERVER_DETECTION$|DETECT_GCP_RETRIES$|google_|gcloud_)/

/** In the CLI's own order of preference. */
const clouds: readonly Cloud[] = [
  { kind: 'bedrock', switch: 'CLAUDE_CODE_USE_BEDROCK', reads: aws },
  { kind: 'bedrock', switch: 'CLAUDE_CODE_USE_MANTLE', reads: aws },
  { kind: 'anthropic_aws', switch: 'CLAUDE_CODE_USE_ANTHROPIC_AWS', reads: aws },
  { kind: 'vertex', switch: 'CLAUDE_CODE_USE_VERTEX', reads: google },
  { kind: 'anthropic_google_cloud', switch: 'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD', reads: google },
  { kind: 'foundry', switch: 'CLAUDE_CODE_USE_FOUNDRY', reads: /^(?:AZURE_|IDENTITY_|IMDS_|MSI_)/ },
]

const skip = /^CLAUDE_CODE_SKIP_(?:BEDROCK|MANTLE|ANTHROPIC_AWS|VERTEX|ANTHROPIC_GOOGLE_CLOUD|FOUNDRY)_AUTH$/

type Environment = Readonly<Record<string, string | undefined>>

function isOn(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(value?.trim().toLowerCase() ?? '')
}

/** The provider that the CLI will ask; null: Anthropic's own API. */
export function cloudOf(env: Environment): CloudKind | null {
  return clouds.find((cloud) => isOn(env[cloud.switch]))?.kind ?? null
}

export function isCloud(kind: string): kind is CloudKind {
  return clouds.some((cloud) => cloud.kind === kind)
}

/** Whether the CLI needs a variable for the providers that are switched on. A provider's credentials stay out where it is not asked. */
export function isForCloud(name: string, env: Environment): boolean {
  const used = clouds.filter((cloud) => isOn(env[cloud.switch]))
  if (used.length === 0) return false
  return used.some((cloud) => cloud.switch === name || cloud.reads.test(name)) || skip.test(name)
}
