/** What a run measures, in this order, and how long each step is expected to take. */
import { measureCheck } from './check-cost.js'
import { measureCpu } from './cpu.js'
import { measureKeys } from './key-cost.js'
import { measureIdleMemory } from './idle-memory.js'
import { measureJobsAlone } from './jobs-alone.js'
import { measureLatency } from './latency.js'
import { measureLoopDelay } from './loop-delay.js'
import { measureOtherProvider } from './other-provider.js'
import { printProfile } from './profile.js'
import { measureQueueAndReading } from './queue-http.js'
import { measureBareRate, measureProcessPerJob, measureReuse } from './reuse.js'
import { measureRunningMemory } from './running-memory.js'
import { measureSilence } from './silence.js'
import { measureSlowUpstream } from './slow-upstream.js'
import type { Step } from './step.js'
import { measureStores } from './stores.js'
import { measureBytes } from './upstream-bytes.js'
import { measureValidation } from './validation.js'

/** @param silenceCases ids of the cases of `silence`; none: all */
export const stepsOf = (silenceCases: readonly string[]): readonly Step[] => [
  { name: 'latency', expectedS: [30, 120], servers: ['cold', 'warm'], run: measureLatency },
  { name: 'bare_rate', expectedS: [4, 10], servers: [], run: measureBareRate },
  { name: 'reuse', expectedS: [10, 20], servers: ['reuse'], run: measureReuse },
  { name: 'idle_memory', expectedS: [8, 8], servers: ['reuse'], run: measureIdleMemory },
  { name: 'slow_upstream', expectedS: [15, 30], servers: ['slow'], run: measureSlowUpstream },
  { name: 'per_job', expectedS: [10, 20], servers: ['per_job'], run: measureProcessPerJob },
  { name: 'loop', expectedS: [10, 15], servers: [], run: measureLoopDelay },
  { name: 'cpu', expectedS: [20, 60], servers: ['cold', 'warm'], run: measureCpu },
  { name: 'check', expectedS: [6, 6], servers: [], run: measureCheck },
  { name: 'keys', expectedS: [1, 3], servers: [], run: measureKeys },
  { name: 'validation', expectedS: [15, 45], servers: ['warm'], run: measureValidation },
  { name: 'bytes', expectedS: [3, 3], servers: ['warm'], run: measureBytes },
  { name: 'running_memory', expectedS: [8, 8], servers: ['cold'], run: measureRunningMemory },
  { name: 'jobs', expectedS: [15, 25], servers: [], run: measureJobsAlone },
  { name: 'queue', expectedS: [10, 20], servers: [], run: measureQueueAndReading },
  { name: 'provider', expectedS: [5, 10], servers: [], run: measureOtherProvider },
  { name: 'stores', expectedS: [15, 30], servers: [], run: measureStores },
  { name: 'silence', expectedS: [60, 60], servers: [], run: (rig) => measureSilence(rig, silenceCases) },
  { name: 'profile', expectedS: [15, 45], servers: [], run: printProfile, unasked: 'left out' },
]
