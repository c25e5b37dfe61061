import fs from 'node:fs'
import path from 'node:path'
import { faultsOf, missedTargets, readAll, totalsOf } from './map.js'
import { filesOfTests } from './titles.js'

const root = path.join(__dirname, '../..')
const { map, titles } = readAll(root)
const sources = ['rfc-checklist.md', 'security.md'].map((name) =>
  path.join(root, '../shared', name),
)

describe('the requirement map', () => {
  it('names for each requirement a test that exists and cites it, and no test cites an unknown one', () => {
    expect(faultsOf(map, titles)).toEqual([])
  })

  it('meets its targets', () => {
    expect(missedTargets(totalsOf(map))).toEqual([])
  })

  it('gives a reason in words for what is refused', () => {
    const short = map.filter(({ refused }) => refused !== undefined && refused.length < 20)
    expect(short).toEqual([])
  })

  it('counts no test that does not run', () => {
    const skipping = filesOfTests(root).filter((file) =>
      /\b(?:it|test|describe)\.(?:skip|todo|only)\b|\bx(?:it|test|describe)\(/.test(
        fs.readFileSync(path.join(root, file), 'utf8'),
      ),
    )
    expect(skipping).toEqual([])
  })

  // The checklist is not part of the project; where it lies beside it, the two must agree.
  if (sources.every((file) => fs.existsSync(file))) {
    it('has every requirement of the checklist, in its order and at its level', () => {
      const listed = sources.flatMap((file) => requirementsIn(fs.readFileSync(file, 'utf8')))
      expect(map.map(({ id, level }) => `${id} ${level}`)).toEqual(listed)
    })
  }
})

/** `id level` of every row of the tables; threats have a priority, scenarios no level. */
function requirementsIn(markdown: string): string[] {
  const rows = markdown.matchAll(/^\| ((?:R-[A-Z]+|S-[A-Z]+|UC)-\d+) \| ([^|]+?) \|/gm)
  return [...rows].map(([, id = '', level = '']) => `${id} ${levelOf(id, level)}`)
}

function levelOf(id: string, cell: string): string {
  if (id.startsWith('UC-')) return 'UC'
  return id.startsWith('S-') ? `P${cell}` : cell
}
