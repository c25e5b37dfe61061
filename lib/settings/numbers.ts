/** A number as administrators read it, e.g. `2,006`. The one place that writes numbers as text. */
export function numberText(value: number): string {
  return value.toLocaleString('en')
}

/** `1 person`, `2,006 people`. */
export function countOf(count: number, one: string, many: string): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}
