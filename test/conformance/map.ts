import fs from 'node:fs'
import path from 'node:path'
import { readTexts, type Title, titlesAmong } from './titles.js'

/**
 * One requirement of the checklist, or one threat (`S-…`), and what became of it. Neither `proof`
 * nor `refused`: open.
 */
export interface Requirement {
  readonly id: string
  /**
   * Keyword of the RFC; `INT` interoperability, `DEC` left to us, `UC` scenario of RFC 7642;
   * priority of a threat.
   */
  readonly level: Level
  /**
   * Name of a test that proves it: its title without the citation, which has the id. Search for the
   * id to find all.
   */
  readonly proof?: string
  /** Why it is not built, or does not concern this library. */
  readonly refused?: string
}

export type Level =
  | 'MUST'
  | 'MUST NOT'
  | 'SHOULD'
  | 'SHOULD NOT'
  | 'MAY'
  | 'INT'
  | 'DEC'
  | 'UC'
  | 'P1'
  | 'P2'
  | 'P3'

/** Numbers of one level. */
export interface Total {
  readonly proven: number
  readonly refused: number
  readonly open: readonly string[]
}

/** Most requirements of a level that may be open. Levels that are not named have no bound. */
export const targets: Readonly<Record<string, number>> = { MUST: 0, INT: 0, SHOULD: 10, P1: 0 }

const mapFile = 'test/conformance/requirements.json'

/** The requirement map: every requirement in the checklist's order. */
export function readMap(root: string): Requirement[] {
  return JSON.parse(fs.readFileSync(path.join(root, mapFile), 'utf8')) as Requirement[]
}

/** Writes the map as the formatter wants it. */
export function writeMap(root: string, map: readonly Requirement[]): void {
  fs.writeFileSync(path.join(root, mapFile), `${JSON.stringify(map, null, 2)}\n`)
}

/**
 * The map with a test named for each requirement that a test cites; names that still exist stay.
 */
export function withProofs(map: readonly Requirement[], titles: readonly Title[]): Requirement[] {
  return map.map(({ id, level, proof, refused }) => {
    const citing = titles.filter(({ ids }) => ids.includes(id)).sort(byCloseness)
    const kept = citing.find(({ name }) => name === proof) ?? citing[0]
    if (kept) return { id, level, proof: kept.name }
    return { id, level, ...(refused !== undefined && { refused }) }
  })
}

/** What is wrong with the map, in sentences; none when it agrees with the tests. */
export function faultsOf(map: readonly Requirement[], titles: readonly Title[]): string[] {
  const known = new Set(map.map(({ id }) => id))
  const unknown = titles.flatMap(({ ids, text }) =>
    ids.filter((id) => !known.has(id)).map((id) => `"${text}" cites ${id}, which does not exist.`),
  )
  const repeated = map.filter(({ id }, index) => map.findIndex((each) => each.id === id) < index)
  return [
    ...unknown,
    ...repeated.map(({ id }) => `${id} is listed twice.`),
    ...map.flatMap((requirement) => faultOf(requirement, titles)),
  ]
}

/** Totals by level, a prohibition counted with its keyword. */
export function totalsOf(map: readonly Requirement[]): ReadonlyMap<string, Total> {
  const totals = new Map<string, Total>()
  for (const { id, level, proof, refused } of map) {
    const name = level.replace(' NOT', '')
    const total = totals.get(name) ?? { proven: 0, refused: 0, open: [] }
    totals.set(name, {
      proven: total.proven + (proof === undefined ? 0 : 1),
      refused: total.refused + (proof === undefined && refused !== undefined ? 1 : 0),
      open: proof === undefined && refused === undefined ? [...total.open, id] : total.open,
    })
  }
  return totals
}

/** Levels with more open requirements than their target allows. */
export function missedTargets(totals: ReadonlyMap<string, Total>): string[] {
  return Object.keys(targets).filter(
    (level) => (totals.get(level)?.open.length ?? 0) > (targets[level] ?? 0),
  )
}

/** The requirement map and the titles of the tests below a folder. */
export function readAll(root: string): { map: Requirement[]; titles: Title[] } {
  return { map: readMap(root), titles: titlesAmong(readTexts(root)) }
}

function faultOf({ id, proof, refused }: Requirement, titles: readonly Title[]): string[] {
  if (proof !== undefined && refused !== undefined) return [`${id} is both proven and refused.`]
  if (refused !== undefined) {
    const citing = titles.find(({ ids }) => ids.includes(id))
    return citing ? [`${id} is refused, but "${citing.text}" cites it.`] : []
  }
  if (proof === undefined) return []
  const exists = titles.some(({ name, ids }) => name === proof && ids.includes(id))
  return exists
    ? []
    : [`No test "${proof}" cites ${id}: rename it back, or run "npm run conformance -- --write".`]
}

/** Tests that speak HTTP say most. */
function byCloseness(one: Title, other: Title): number {
  return rank(one) - rank(other)
}

const closest = ['requirements', 'protocol', 'http', 'host', 'service']

function rank({ file }: Title): number {
  const index = closest.indexOf(file.split('/')[1] ?? '')
  return index < 0 ? closest.length : index
}
