import fs from 'node:fs'
import path from 'node:path'
import { faultsOf, type Requirement, readAll } from './map.js'
import type { Title } from './titles.js'

/** Something that happened to another SCIM server. */
export interface Incident {
  readonly id: string
  readonly what: string
  /** Ids of the requirements whose tests keep it out of this one. */
  readonly kept: readonly string[]
}

/**
 * What is printed of an incident or item: the tests that prove it, or the reason why there is none.
 */
export interface Line {
  readonly id: string
  readonly text: string
  readonly isProven: boolean
}

/** The incidents, in the order of their ids. */
export function readIncidents(root: string): Incident[] {
  const file = path.join(root, 'test/conformance/incidents.json')
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Incident[]
}

/** One line for each requirement about security (`S-…`). */
export function itemLines(map: readonly Requirement[], titles: readonly Title[]): Line[] {
  return map
    .filter(({ id }) => id.startsWith('S-'))
    .map(({ id, level, proof, refused }) => ({
      id,
      text: `${level}  ${proofText({ id, proof, refused }, titles)}`,
      isProven: proof !== undefined,
    }))
}

type Proof = { readonly [Key in 'id' | 'proof' | 'refused']: Requirement[Key] | undefined }

function proofText({ id = '', proof, refused }: Proof, titles: readonly Title[]): string {
  if (proof === undefined) return refused === undefined ? 'OPEN' : `no test: ${refused}`
  const file = titles.find(({ name, ids }) => name === proof && ids.includes(id))?.file
  return `"${proof}" in ${file ?? 'NO FILE'}`
}

/** Each incident, and below it what keeps it out. */
export function incidentLines(
  incidents: readonly Incident[],
  map: readonly Requirement[],
  titles: readonly Title[],
): Line[] {
  return incidents.flatMap(({ id, what, kept }) => [
    { id, text: what, isProven: kept.length > 0 },
    ...kept.map((name) => {
      const requirement = map.find((each) => each.id === name)
      const proof = { id: name, proof: requirement?.proof, refused: requirement?.refused }
      const text = `${name}  ${proofText(proof, titles)}`
      return { id: '', text, isProven: requirement?.proof !== undefined }
    }),
  ])
}

/** `npm run security`: fails where a test that is named does not exist, or an incident has none. */
function main(): void {
  const root = process.cwd()
  const { map, titles } = readAll(root)
  const items = itemLines(map, titles)
  const incidents = incidentLines(readIncidents(root), map, titles)
  for (const { id, text } of [...items, ...incidents]) console.log(`${id.padEnd(12)}${text}`)
  const proven = items.filter(({ isProven }) => isProven).length
  const kept = incidents.filter(({ id }) => id !== '').length
  console.log(
    `${proven} of ${items.length} items proven; ${kept} incidents, each kept out by tests`,
  )
  const faults = [
    ...faultsOf(map, titles),
    ...incidents.filter(({ isProven }) => !isProven).map(({ id, text }) => `${id} ${text}`),
    ...items.filter(({ text }) => text.endsWith('OPEN')).map(({ id }) => `${id} is open.`),
  ]
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}

if (process.argv[1]?.endsWith(path.join('conformance', 'security.ts'))) main()
