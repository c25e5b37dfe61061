import type { Scope } from '../../stores/scope.js'
import type { ProjectChoice, SettingsContext } from '../options.js'
import type { Draft } from './draft.js'

/** Puts the titles of projects into sentences that have their numbers. */
export type NameProjects = (text: string) => string

/** Names projects as the host does now; by number alone where it cannot say. */
export async function projectNames(context: SettingsContext, scope: Scope): Promise<NameProjects> {
  const list = await projectList(context, scope)
  const titles = new Map(list.map(({ id, title }) => [String(id), title]))
  return (text) =>
    text.replace(/\bproject (\d+)$/, (whole, id: string) => {
      const title = titles.get(id)
      return title === undefined ? whole : `project ${title} (${id})`
    })
}

/** The host's projects; none where it cannot list them. */
export async function projectList(
  { projects }: SettingsContext,
  scope: Scope,
): Promise<readonly ProjectChoice[]> {
  return (await projects?.(scope).catch(() => undefined)) ?? []
}

/** How a project is chosen where it is typed: by title, with its number to tell two apart. */
export function projectText({ id, title }: ProjectChoice): string {
  return `${title} (${id})`
}

/** A draft in which titles that were typed are numbers; what is no title stays as it was typed. */
export function withProjectIds(draft: Draft, projects: readonly ProjectChoice[]): Draft {
  const ids = new Map<string, string | undefined>()
  for (const { id, title } of projects) {
    // A title that two projects have means neither.
    ids.set(title.toLowerCase(), ids.has(title.toLowerCase()) ? undefined : String(id))
  }
  for (const each of projects) ids.set(projectText(each).toLowerCase(), String(each.id))
  const idOf = (text: string) => (/^\d+$/.test(text) ? undefined : ids.get(text.toLowerCase()))
  return {
    ...draft,
    projects: draft.projects.map((row) => ({ ...row, project: idOf(row.project) ?? row.project })),
  }
}
