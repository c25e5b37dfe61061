import { createHash } from 'node:crypto'
import type { MappingRules } from '../../mapping/index.js'

/** Rules as they stand in the form: whatever was typed. */
export interface Draft {
  /** Version of the saved rules the draft started from. */
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

/** The draft that a submitted form holds. */
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

/** A draft without rows that were added and left empty. */
export function withoutEmptyRows(draft: Draft): Draft {
  return {
    ...draft,
    roles: draft.roles.filter(({ group }) => group.trim() !== ''),
    workspaces: draft.workspaces.filter(
      ({ title, group }) => title.trim() !== '' || group.trim() !== '',
    ),
    projects: draft.projects.filter(({ project, group }) => project !== '' || group.trim() !== ''),
  }
}

const emptyRows = {
  roles: { role: 'Annotator', group: '' },
  workspaces: { title: '', group: '' },
  projects: { project: '', group: '', role: 'Inherit' },
} as const

/** A draft with one more, empty row. */
export function withRow(draft: Draft, section: Section): Draft {
  return { ...draft, [section]: [...draft[section], emptyRows[section]] }
}

/** A draft without one of its rows. */
export function withoutRow(draft: Draft, section: Section, index: number): Draft {
  return { ...draft, [section]: draft[section].filter((_, each) => each !== index) }
}

/** A draft with another name of a group in each rule that has this one. */
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

/** What the settings API would be sent for this draft. */
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

/** Tells two drafts apart, so that only what was previewed can be saved. */
export function digestOf(draft: Draft): string {
  const { version, roles, workspaces, projects } = draft
  return createHash('sha256')
    .update(JSON.stringify([version, roles, workspaces, projects]))
    .digest('base64url')
}
