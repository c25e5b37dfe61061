import type { Explanation } from '../../reports/explain.js'
import { type Html, html, type Part } from '../html.js'
import type { NameProjects } from '../project-names.js'
import { ruleAt } from './rule-link.js'

/** With more rules, the table below is easier to read. */
const maxRules = 14
const maxLetters = 27

const rowHeight = 44
const boxHeight = 32
const boxWidth = 220
const gap = 30
const columns = [0, 1, 2].map((column) => column * (boxWidth + gap))

type Reasons = Explanation['reasons']

/** A box of the picture, with the vertical position of its centre. */
interface Box {
  readonly text: string
  readonly y: number
  readonly isOff: boolean
}

/**
 * A picture of the way from groups through rules to what they give. Left out if there are too many
 * rules.
 */
export function wayPicture({ reasons }: Pick<Explanation, 'reasons'>, names: NameProjects): Part {
  if (reasons.length === 0 || reasons.length > maxRules) return undefined
  const sorted = [...reasons].sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
  const height = sorted.length * rowHeight
  const groups = column(sorted, ({ group }) => group, height)
  const gives = column(sorted, (reason) => names(reason.gives), height)
  const rules = sorted.map(({ rule, outranked }, index) => ({
    text: ruleAt(rule).name,
    y: (index + 0.5) * rowHeight,
    isOff: outranked,
  }))
  const label = 'The way from groups through rules to what they give, as in the table below'
  return html`<div class="scroll" role="region" aria-label="Picture" tabindex="0"><svg class="way" role="img" aria-label="${label}" viewBox="0 0 ${3 * boxWidth + 2 * gap} ${height}">
${sorted.map((reason, index) => {
  const y = (index + 0.5) * rowHeight
  const edges = [
    edge(0, groups.get(reason.group)?.y ?? y, y),
    edge(1, y, gives.get(names(reason.gives))?.y ?? y),
  ]
  return html`<g${reason.outranked && html` class="off"`}>${edges}</g>`
})}
${[[...groups.values()], rules, [...gives.values()]].map((boxes, at) =>
  boxes.map((each) => box(at, each)),
)}
</svg></div>`
}

/** Boxes of a column, evenly spaced, in the order of the rules that they connect to. */
function column(
  reasons: Reasons,
  textOf: (reason: Reasons[number]) => string,
  height: number,
): ReadonlyMap<string, Box> {
  const rows = new Map<string, number[]>()
  for (const [index, reason] of reasons.entries()) {
    rows.set(textOf(reason), [...(rows.get(textOf(reason)) ?? []), index])
  }
  const mean = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0) / list.length
  const ordered = [...rows].sort(([, a], [, b]) => mean(a) - mean(b))
  return new Map(
    ordered.map(([text, tied], index) => [
      text,
      {
        text,
        y: ((index + 0.5) * height) / ordered.length,
        isOff: tied.every((row) => reasons[row]?.outranked),
      },
    ]),
  )
}

function edge(from: number, y1: number, y2: number): Html {
  const [start, end] = [(columns[from] ?? 0) + boxWidth, columns[from + 1] ?? 0]
  const middle = (start + end) / 2
  return html`<path d="M${start} ${y1}C${middle} ${y1} ${middle} ${y2} ${end} ${y2}"/>`
}

function box(at: number, { text, y, isOff }: Box): Html {
  const x = columns[at] ?? 0
  const shown = text.length > maxLetters ? `${text.slice(0, maxLetters - 1)}…` : text
  return html`<g${isOff && html` class="off"`}><title>${text}</title><rect x="${x + 1}" y="${y - boxHeight / 2}" width="${boxWidth - 2}" height="${boxHeight}" rx="7"/><text x="${x + 12}" y="${y + 5}">${shown}</text></g>
`
}
