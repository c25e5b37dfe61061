import { ConfigurationError } from '../errors.js'
import { nearMisses } from '../mapping/near-misses.js'
import type { OptionRows, OptionTable } from './option.js'
import { shownName } from './shown.js'

/**
 * Refuses unknown names, because a misspelt option would silently leave the default in force.
 *
 * @param path the place of `rows` among the options, e.g. `limits.`
 * @throws ConfigurationError naming the unknown name, the nearest known one and all that are known
 */
export function refuseUnknown(
  { factory, code }: Pick<OptionTable, 'factory' | 'code'>,
  given: object,
  rows: OptionRows,
  path = '',
): void {
  const known = Object.keys(rows)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const name = shownName(unknown)
  const near = nearest(unknown, placesOf(rows))
  const hint = near === undefined ? '' : ` Did you mean "${path}${near}"?`
  const option = name.startsWith('"') ? `option "${path}${unknown}"` : `an option ${name}`
  throw new ConfigurationError(
    code,
    `${factory}: ${option} does not exist.${hint} Known are: ${known.join(', ')}.`,
  )
}

/** The paths of options, those nearest to the top first. */
function placesOf(rows: OptionRows): string[] {
  const inside = Object.entries(rows).flatMap(([name, { type }]) =>
    Object.keys(type.inside ?? {}).map((below) => `${name}.${below}`),
  )
  return [...Object.keys(rows), ...inside]
}

function nearest(unknown: string, places: readonly string[]): string | undefined {
  const [near] = nearMisses(unknown, places.map(nameIn))
  const name = near ?? alike(unknown, places.map(nameIn))
  return places.find((place) => nameIn(place) === name)
}

function nameIn(place: string): string {
  return place.slice(place.lastIndexOf('.') + 1)
}

/** The name that has most of the unknown one's words, e.g. `maxPayloadBytes` for `maxBodyBytes`. */
function alike(unknown: string, names: readonly string[]): string | undefined {
  const lower = unknown.toLowerCase()
  const scored = names.map((name) => {
    const shared = wordsOf(name).filter((word) => lower.includes(word))
    return { name, shared: shared.length, letters: shared.join('').length }
  })
  const [best] = scored.sort((a, b) => b.letters - a.letters)
  const isAlike = best && best.shared > 1 && best.letters * 2 > lower.length
  return isAlike ? best.name : undefined
}

/** The words of a name in camel case, in the singular. */
function wordsOf(name: string): string[] {
  const words = name.match(/[A-Z]?[a-z]+/g) ?? []
  return words.map((word) => word.toLowerCase().replace(/s$/, ''))
}
