import t from 'tap'

const place = globalThis as { held?: boolean }
t.equal(place.held, undefined, 'nobody holds it')
place.held = true
t.teardown(() => delete place.held)
