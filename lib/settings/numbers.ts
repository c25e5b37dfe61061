/** A number as administrators read it, e.g. `2,006`. The one place that writes numbers as text. */
export function numberText(value: number): string {
  return value.toLocaleString('en')
}

/** `1 person`, `2,006 people`. */
export function countOf(count: number, one: string, many: string): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** The first `most` texts, and how many others there are: `a; b; and 1,204 more`. */
export function firstOf(texts: readonly string[], most: number): string {
  const more = texts.length - most
  return [...texts.slice(0, most), ...(more > 0 ? [`and ${numberText(more)} more`] : [])].join('; ')
}
