import t from 'tap'

t.ok(true)
throw new Error('thrown by the sample')
