import {
  missedTargets,
  type Requirement,
  readAll,
  targets,
  totalsOf,
  withProofs,
  writeMap,
} from './map.js'

/**
 * `npm run conformance` prints how many requirements of each level are proven by a test, refused
 * with a reason, or open, and fails when a target is missed. `-- --write` first names in the map
 * the tests that cite requirements.
 */
function main(): void {
  const root = process.cwd()
  const { map, titles } = readAll(root)
  const named = process.argv.includes('--write') ? withProofs(map, titles) : map
  if (named !== map) writeMap(root, named)
  report(named)
}

function report(map: readonly Requirement[]): void {
  const totals = totalsOf(map)
  console.log(row(['level', 'proven', 'refused', 'open']))
  for (const [level, { proven, refused, open }] of totals) {
    console.log(row([level, proven, refused, open.length]), open.join(' '))
  }
  for (const level of missedTargets(totals)) {
    console.error(`Too many of ${level} are open: at most ${targets[level]} may be.`)
    process.exitCode = 1
  }
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padEnd(8)).join(' ')
}

main()
