/** Invisible characters: zero-width ones, soft hyphen, direction marks, byte order mark. */
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu

/**
 * Candidates that may be meant by `name`: equal except for case, accents, spacing, punctuation or
 * invisible characters, or at most two typing errors away (one for names of up to four letters).
 * Closest first, at most five. They are information only: resemblance never grants anything.
 */
export function nearMisses(name: string, candidates: readonly string[]): readonly string[] {
  const skeleton = skeletonOf(name)
  const tolerated = skeleton.length > 4 ? 2 : 1
  return candidates
    .filter((candidate) => candidate !== name)
    .map((candidate) => ({
      candidate,
      distance: distance(skeleton, skeletonOf(candidate), tolerated),
    }))
    .filter((each) => each.distance <= tolerated)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 5)
    .map(({ candidate }) => candidate)
}

function skeletonOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(invisible, '')
    .replace(/[\p{M}\p{P}\p{Z}\s]/gu, '')
    .toLowerCase()
}

/** Levenshtein distance; `limit + 1` as soon as it must exceed `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    if (Math.min(...next) > limit) return limit + 1
    row = next
  }
  return row[b.length] ?? limit + 1
}
