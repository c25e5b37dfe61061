/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * The mean of the highest fifth of the speeds: other work on the machine can only make a round
 * slower, so these rounds were disturbed least.
 */
export function undisturbed(speeds: readonly number[]): number {
  const best = [...speeds].sort((a, b) => b - a).slice(0, Math.ceil(speeds.length / 5))
  return best.reduce((sum, speed) => sum + speed, 0) / best.length
}

/** Divides each value by the other value of the same round. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, index) => value / (others[index] ?? Number.NaN))
}

/** Formats a number: `12,345`, `0.52`. */
export function digits(value: number, places = 0): string {
  return value.toLocaleString('en', {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  })
}

/** Formats rows as columns. The first column is text, the others are numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(cell.length, known[index] ?? 0)),
    [],
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
  return rows.map(line).join('\n')
}
