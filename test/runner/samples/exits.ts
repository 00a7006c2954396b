import t from 'tap'

t.ok(true)
process.exit(3)
