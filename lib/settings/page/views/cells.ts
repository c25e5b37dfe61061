import type { ProjectChoice } from '../../options.js'
import { type Html, html, type Part } from '../html.js'
import { projectText } from '../project-names.js'

/** The choices in the inputs. */
export interface Choices {
  /** Organization roles that rules may give. */
  readonly roles: readonly string[]
  /** Names of pushed groups. */
  readonly groups: readonly string[]
  /** Ids of the pushed groups that the draft names, by name. */
  readonly groupIds: ReadonlyMap<string, string>
  /** Names in the draft that no pushed group has, with similar names. */
  readonly missing: ReadonlyMap<string, readonly string[]>
  readonly workspaces?: readonly string[]
  readonly projects?: readonly ProjectChoice[]
}

/**
 * Maximum number of options in all project pickers of a page together. Above it, an input with
 * suggestions replaces them.
 */
const maxOptions = 20_000

/**
 * Options of a select. An unknown selected value stays selectable, so that showing it changes
 * nothing.
 */
export function roleOptions(roles: readonly string[], selected: string): Html {
  const all = roles.includes(selected) ? roles : [selected, ...roles]
  return html`${all.map(
    (role) => html`<option${role === selected && html` selected`}>${role}</option>`,
  )}`
}

/** A text input with suggestions that accepts any text. */
export function textCell(cell: {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly list: string
  readonly extra?: Part
  readonly focus?: boolean
}): Html {
  const { name, label, value, list, extra, focus = false } = cell
  return html`<input type="text" name="${name}" value="${value}" list="${list}" aria-label="${label}" autocomplete="off" spellcheck="false"${extra}${focus && html` autofocus`}>`
}

/** A picker of projects by title, or an input for the id if the host cannot list them. */
export function projectCell(
  { projects }: Choices,
  cell: {
    readonly value: string
    readonly label: string
    readonly rows: number
    readonly focus: boolean
  },
): Html {
  const { value, label, rows, focus } = cell
  if (!projects || projects.length * Math.max(rows, 1) > maxOptions) {
    const found = projects?.find(({ id }) => String(id) === value)
    const placeholder = projects ? 'Name or number' : 'Number'
    return html`<input type="text" name="projects.project" value="${found ? projectText(found) : value}" list="project-choices" aria-label="${label}" autocomplete="off" placeholder="${placeholder}"${focus && html` autofocus`}>`
  }
  const isKnown = value === '' || projects.some(({ id }) => String(id) === value)
  return html`<select name="projects.project" aria-label="${label}"${focus && html` autofocus`}>
<option value="">Choose a project</option>
${!isKnown && html`<option value="${value}" selected>Project ${value} (not found)</option>`}
${projects.map(
  ({ id, title }) =>
    html`<option value="${id}"${String(id) === value && html` selected`}>${title} (${id})</option>`,
)}
</select>`
}
