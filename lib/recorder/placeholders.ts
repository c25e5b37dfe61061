/**
 * Replaces values by made-up ones of the same kind. The same value, ignoring case, always gets the
 * same replacement.
 */
export interface Placeholders {
  /**
   * The replacement of a text. Empty texts, booleans written as text, and numbers of SCIM messages
   * stay.
   */
  of(text: string): string
}

interface Kind {
  readonly pattern: RegExp
  readonly make: (number: number) => string
}

/** The first kind that matches a text decides its replacement. */
const kinds: readonly Kind[] = [
  { pattern: /^[^\s@]+@[^\s@]+$/, make: (number) => `person${number}@example.com` },
  {
    pattern: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
    make: (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  },
  { pattern: /^[a-z][a-z\d+.-]*:\/\//i, make: (number) => `https://example.com/${number}` },
  { pattern: /^(data|mailto):/i, make: (number) => `https://example.com/${number}` },
  {
    pattern: /^\d{4}-\d\d-\d\dT/,
    make: (number) => new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString(),
  },
  { pattern: /^tel:/, make: (number) => `tel:+1-555-01${number}` },
  { pattern: /^\+[\d\s().-]+$/, make: (number) => `+1 555 01${number}` },
  { pattern: /^\//, make: (number) => `/elsewhere/${number}` },
  { pattern: /^\d+$/, make: (number) => String(10_000 + number) },
]
const others: Kind = { pattern: /^/, make: (number) => `text ${number}` }

const kept = /^(true|false)?$/i

/**
 * Makes placeholders for a limited number of values; beyond the limit, all texts get the same
 * replacement.
 */
export function createPlaceholders(maxValues = 100_000): Placeholders {
  const numbers = new Map<string, number>()
  const counts = new Map<Kind, number>()
  const spellings = new Map<string, string[]>()
  return {
    of(text) {
      if (kept.test(text)) return text
      const kind = kinds.find(({ pattern }) => pattern.test(text)) ?? others
      const folded = text.toLowerCase()
      const number = numbers.get(folded) ?? (counts.get(kind) ?? 0) + 1
      if (!numbers.has(folded) && numbers.size < maxValues) {
        numbers.set(folded, number)
        counts.set(kind, number)
      }
      return spelled(kind.make(number), spellingOf(folded, text))
    },
  }

  /** The index of this spelling of a value: 0 for the first, 1 for the second, etc. */
  function spellingOf(folded: string, text: string): number {
    const known = spellings.get(folded) ?? []
    if (!known.includes(text) && known.length < 3 && spellings.size < maxValues) {
      known.push(text)
      spellings.set(folded, known)
    }
    return Math.max(0, known.indexOf(text))
  }
}

/** Keeps differences in case as differences in case. */
function spelled(placeholder: string, spelling: number): string {
  if (spelling === 0) return placeholder
  if (spelling > 1) return placeholder.toUpperCase()
  return placeholder.charAt(0).toUpperCase() + placeholder.slice(1)
}
