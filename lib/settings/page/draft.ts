import { createHash } from 'node:crypto'
import type { MappingRules, RuleProblem } from '../../mapping/index.js'

/** Rules as typed into the form, valid or not. */
export interface Draft {
  /** Version of the saved rules that the draft is based on. */
  readonly version: string
  readonly roles: readonly { readonly role: string; readonly group: string }[]
  readonly workspaces: readonly { readonly title: string; readonly group: string }[]
  readonly projects: readonly {
    readonly project: string
    readonly group: string
    readonly role: string
  }[]
}

/** The three tables of a draft. */
export type Section = 'roles' | 'workspaces' | 'projects'

export const sections: readonly Section[] = ['roles', 'workspaces', 'projects']

/** Saved rules as a draft. */
export function draftOf(rules: MappingRules, version: string): Draft {
  return {
    version,
    roles: rules.roles_groups.map(([role, group]) => ({ role, group })),
    workspaces: rules.workspaces_groups.map(([title, group]) => ({ title, group })),
    projects: rules.projects_groups.map(({ project_id: id, group, role }) => ({
      project: String(id),
      group,
      role,
    })),
  }
}

/** The draft in a submitted form. */
export function draftFrom(form: URLSearchParams): Draft {
  const column = (name: string) => form.getAll(name)
  const rows = <T>(first: string, make: (value: string, index: number) => T) =>
    column(first).map(make)
  const at = (name: string) => {
    const values = column(name)
    return (index: number) => values[index] ?? ''
  }
  const [roleGroup, workspaceGroup] = [at('roles.group'), at('workspaces.group')]
  const [projectGroup, projectRole] = [at('projects.group'), at('projects.role')]
  return {
    version: form.get('version') ?? '',
    roles: rows('roles.role', (role, index) => ({ role, group: roleGroup(index) })),
    workspaces: rows('workspaces.title', (title, index) => ({
      title,
      group: workspaceGroup(index),
    })),
    projects: rows('projects.project', (project, index) => ({
      project: project.trim(),
      group: projectGroup(index),
      role: projectRole(index),
    })),
  }
}

const emptyRows = {
  roles: { role: 'Annotator', group: '' },
  workspaces: { title: '', group: '' },
  projects: { project: '', group: '', role: 'Inherit' },
} as const

/**
 * What is not filled in, row by row. No row counts as meant to be empty: the page shows none until
 * somebody adds it, and a role is chosen in it from the beginning.
 */
export function missingParts(draft: Draft): readonly RuleProblem[] {
  const problems = (list: string, rows: readonly (readonly (readonly [string, string])[])[]) =>
    rows.flatMap((parts, index) => {
      const missing = parts.filter(([, text]) => text.trim() === '').map(([name]) => name)
      if (missing.length === 0) return []
      const verb = missing.length === 1 ? 'is' : 'are'
      return [
        { row: `${list}[${index}]`, message: `The ${missing.join(' and the ')} ${verb} missing.` },
      ]
    })
  const { roles, workspaces, projects } = draft
  return [
    ...problems(
      'roles_groups',
      roles.map(({ group }) => [['group', group]]),
    ),
    ...problems(
      'workspaces_groups',
      workspaces.map(({ title, group }) => [
        ['workspace', title],
        ['group', group],
      ]),
    ),
    ...problems(
      'projects_groups',
      projects.map(({ project, group }) => [
        ['project', project],
        ['group', group],
      ]),
    ),
  ]
}

/** The draft with an additional empty row. */
export function withRow(draft: Draft, section: Section): Draft {
  return { ...draft, [section]: [...draft[section], emptyRows[section]] }
}

/** The draft without this row. */
export function withoutRow(draft: Draft, section: Section, index: number): Draft {
  return { ...draft, [section]: draft[section].filter((_, each) => each !== index) }
}

/** The draft with a group renamed in each rule that names it. */
export function withGroupNamed(draft: Draft, name: string, meant: string): Draft {
  const rename = <T extends { readonly group: string }>(rows: readonly T[]) =>
    rows.map((row) => (row.group === name ? { ...row, group: meant } : row))
  const { roles, workspaces, projects } = draft
  return {
    ...draft,
    roles: rename(roles),
    workspaces: rename(workspaces),
    projects: rename(projects),
  }
}

/** The draft with those of these rules that it does not have, after its own. */
export function withRules(draft: Draft, rules: MappingRules): Draft {
  const other = draftOf(rules, draft.version)
  const join = <T extends object>(mine: readonly T[], theirs: readonly T[]) => {
    const keyOf = (row: T) => JSON.stringify(Object.entries(row).sort())
    const known = new Set(mine.map(keyOf))
    return [...mine, ...theirs.filter((row) => !known.has(keyOf(row)))]
  }
  return {
    version: draft.version,
    roles: join(draft.roles, other.roles),
    workspaces: join(draft.workspaces, other.workspaces),
    projects: join(draft.projects, other.projects),
  }
}

/** The request body of the settings API for this draft. */
export function inputOf(draft: Draft): object {
  return {
    roles_groups: draft.roles.map(({ role, group }) => [role, group]),
    workspaces_groups: draft.workspaces.map(({ title, group }) => [title, group]),
    projects_groups: draft.projects.map(({ project, group, role }) => ({
      project_id: /^\d{1,15}$/.test(project) ? Number(project) : project,
      group,
      role,
    })),
  }
}

/** A digest of the draft, so that only a previewed draft can be saved. */
export function digestOf(draft: Draft): string {
  const { version, roles, workspaces, projects } = draft
  return createHash('sha256')
    .update(JSON.stringify([version, roles, workspaces, projects]))
    .digest('base64url')
}
