import type { Seat } from '../../src/jobs/seat.js'

/** For a run that is made without the jobs around it: it may work whenever it wants to. */
export const freeSeat: Seat = {
  take: async () => {},
  resume: async () => {},
  rest: () => {},
  silently: (work) => work,
}
