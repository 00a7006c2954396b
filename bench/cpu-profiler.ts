/** Loaded into a server before its program (`--import`): the first look starts a CPU profile, the second ends it and gets it. */
import { Session } from 'node:inspector/promises'
import { onLook } from './look.js'

/** From one look at the stack to the next, in microseconds. */
const intervalUs = 500

onLook(() => {
  const session = new Session()
  session.connect()
  let started = false
  return async () => {
    if (started) return (await session.post('Profiler.stop')).profile
    started = true
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: intervalUs })
    await session.post('Profiler.start')
    return null
  }
})
