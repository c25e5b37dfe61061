/** Invisible characters: zero-width ones, soft hyphen, direction marks, byte order mark. */
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu

/**
 * Candidates that may be meant by `name`: equal except for case, accents, spacing, punctuation or
 * invisible characters, or at most two typing errors away (one for names of up to four letters).
 * Closest first, at most five. They are information only: resemblance never grants anything.
 */
export function nearMisses(name: string, candidates: readonly string[]): readonly string[] {
  return nearMissesAmong(candidates)(name)
}

/** Like {@link nearMisses}, for many names: the candidates are prepared once. */
export function nearMissesAmong(
  candidates: readonly string[],
): (name: string) => readonly string[] {
  const prepared = candidates.map((candidate) => ({ candidate, skeleton: skeletonOf(candidate) }))
  return (name) => {
    const wanted = skeletonOf(name)
    const tolerated = wanted.length > 4 ? 2 : 1
    return prepared
      .flatMap(({ candidate, skeleton }) => {
        const errors = distance(wanted, skeleton, tolerated)
        return errors > tolerated || candidate === name ? [] : [{ candidate, errors }]
      })
      .sort((a, b) => a.errors - b.errors || (a.candidate < b.candidate ? -1 : 1))
      .slice(0, 5)
      .map(({ candidate }) => candidate)
  }
}

function skeletonOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(invisible, '')
    .replace(/[\p{M}\p{P}\p{Z}\s]/gu, '')
    .toLowerCase()
}

/**
 * Levenshtein distance; `limit + 1` if it exceeds `limit`. It tries the few ways to make so few
 * errors, which is faster than the usual table.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  if (same === a.length && same === b.length) return 0
  if (limit === 0) return 1
  const [restOfA, restOfB] = [a.slice(same), b.slice(same)]
  const [laterA, laterB] = [restOfA.slice(1), restOfB.slice(1)]
  const fewer = Math.min(
    distance(laterA, laterB, limit - 1),
    distance(laterA, restOfB, limit - 1),
    distance(restOfA, laterB, limit - 1),
  )
  return 1 + fewer
}
