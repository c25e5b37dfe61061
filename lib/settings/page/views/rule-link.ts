import { type Html, html, type Part } from '../html.js'
import type { Layout } from '../layout.js'

const ruleLists: Readonly<Record<string, readonly [section: string, name: string]>> = {
  roles_groups: ['roles', 'Organization role'],
  workspaces_groups: ['workspaces', 'Workspace'],
  projects_groups: ['projects', 'Project'],
}

/** The name of a rule such as `roles_groups[2]` in the editor, and its anchor there. */
export function ruleAt(rule: string): RulePlace {
  const [, list = '', index = ''] = /^(\w+)\[(\d+)\]$/.exec(rule) ?? []
  const [section, name = list] = ruleLists[list] ?? []
  const anchor = section !== undefined && { anchor: `${section}-${index}` }
  return { name: `${name} rule ${Number(index) + 1}`, ...anchor }
}

/** Rules of the mapping policy have no anchor, because the editor does not show them. */
interface RulePlace {
  readonly name: string
  readonly anchor?: string
}

/** A link to a rule in the editor. */
export function ruleLink(layout: Layout, rule: string, text?: Part): Html {
  const { anchor, name } = ruleAt(rule)
  if (anchor === undefined) return html`${text ?? name}`
  return html`<a href="${layout.base}#${anchor}">${text ?? name}</a>`
}
