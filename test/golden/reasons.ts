/** Why a cell of the table is empty. The first rule that fits gives the reason. */
const rules: readonly [fits: (route: string, way: string, ending: string) => boolean, reason: string][] = [
  [(_route, _way, ending) => ending === 'read', 'nothing is read there, or another ending tells it'],
  [(route) => /^GET \/(health|metrics|openapi|docs|$)|models/.test(route), 'the route runs no job'],
  [(route) => /check$|input_items$|files/.test(route), 'the route runs no job'],
  [(route) => route.startsWith('DELETE'), 'the route ends and forgets jobs, whatever their ending'],
  [
    (_route, _way, ending) => /^(provider|upstream): /.test(ending),
    'the ending comes of the executor, which is the same behind every way; POST /v1/chat/completions has it',
  ],
  [
    (_route, _way, ending) => /_|cancel/.test(ending) && !ending.includes(':'),
    'an error of the catalogue is told in one place, and each is provoked by the shortest way to it',
  ],
  [() => true, 'the ending is a property of the job, which another way of taking the same job shows'],
]

export function reasonFor(route: string, way: string, ending: string): string {
  return rules.find(([fits]) => fits(route, way, ending))![1]
}
